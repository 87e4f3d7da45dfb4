// Loads and stores with hints for the caches, and what CUDA says of addresses.
#pragma once

// Loads and stores with cache hints.
#define TW_CPU_LOAD(name)           \
  template <class T>                \
  inline T name(const T* address) { \
    return *address;                \
  }
TW_CPU_LOAD(__ldg)
TW_CPU_LOAD(__ldca)
TW_CPU_LOAD(__ldcg)
TW_CPU_LOAD(__ldcs)
TW_CPU_LOAD(__ldcv)
TW_CPU_LOAD(__ldlu)
#undef TW_CPU_LOAD

#define TW_CPU_STORE(name)                                             \
  template <class T>                                                   \
  inline void name(T* address, typename tw_cpu::Same<T>::type value) { \
    *address = value;                                                  \
  }
TW_CPU_STORE(__stwb)
TW_CPU_STORE(__stcg)
TW_CPU_STORE(__stcs)
TW_CPU_STORE(__stwt)
#undef TW_CPU_STORE

// A pointer to shared memory as the number that only PTX could use.
inline size_t __cvta_generic_to_shared(const void* address) {
  return reinterpret_cast<size_t>(address);
}
inline size_t __cvta_generic_to_global(const void* address) {
  return reinterpret_cast<size_t>(address);
}
