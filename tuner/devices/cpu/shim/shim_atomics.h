// Atomic operations.
#pragma once

// One thread runs at a time, so read-modify-write needs no lock. Each returns the old value, after
// other blocks may have run.
template <class T>
inline T atomicExch(T* address, typename tw_cpu::Same<T>::type value) {
  const T old = *address;
  *address = value;
  tw_cpu::runtime->tell_atomic();
  return old;
}
template <class T>
inline T atomicAdd(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, static_cast<T>(*address + value));
}
inline float2 atomicAdd(float2* address, float2 value) {
  return atomicExch(address, float2{address->x + value.x, address->y + value.y});
}
inline float4 atomicAdd(float4* address, float4 value) {
  return atomicExch(address, float4{address->x + value.x, address->y + value.y,
                                    address->z + value.z, address->w + value.w});
}
template <class T>
inline T atomicSub(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, static_cast<T>(*address - value));
}
template <class T>
inline T atomicMin(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, value < *address ? value : *address);
}
template <class T>
inline T atomicMax(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, value > *address ? value : *address);
}
template <class T>
inline T atomicAnd(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address & value);
}
template <class T>
inline T atomicOr(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address | value);
}
template <class T>
inline T atomicXor(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address ^ value);
}
template <class T>
inline T atomicCAS(T* address, typename tw_cpu::Same<T>::type compare,
                   typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address == compare ? value : *address);
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  return atomicExch(address, *address >= limit ? 0u : *address + 1u);
}
inline unsigned atomicDec(unsigned* address, unsigned limit) {
  return atomicExch(address, *address == 0u || *address > limit ? limit : *address - 1u);
}

// In every scope: a thread sees all that the others of the grid have done.
#define TW_CPU_SCOPED(name)                   \
  template <class... A>                       \
  inline auto name##_block(A... arguments) {  \
    return name(arguments...);                \
  }                                           \
  template <class... A>                       \
  inline auto name##_system(A... arguments) { \
    return name(arguments...);                \
  }
TW_CPU_SCOPED(atomicExch)
TW_CPU_SCOPED(atomicAdd)
TW_CPU_SCOPED(atomicSub)
TW_CPU_SCOPED(atomicMin)
TW_CPU_SCOPED(atomicMax)
TW_CPU_SCOPED(atomicAnd)
TW_CPU_SCOPED(atomicOr)
TW_CPU_SCOPED(atomicXor)
TW_CPU_SCOPED(atomicCAS)
TW_CPU_SCOPED(atomicInc)
TW_CPU_SCOPED(atomicDec)
#undef TW_CPU_SCOPED
