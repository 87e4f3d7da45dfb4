// The block's dynamic shared memory, typed, and addresses in it.
#pragma once

#include "common/config.cuh"
#include "common/vector.cuh"

#ifndef TW_CPU_DEVICE
// One declaration for all kernels, because CUDA has one dynamic array for each kernel. The name is
// not mangled, so that PTX can use it.
extern "C" {
extern __shared__ __align__(128) unsigned char tilewright_dynamic_shared[];
}
#endif

namespace tw {

// Returns the dynamic shared memory, aligned to 128 bytes. The launch sets its size.
template <class T>
TW_DEVICE T* dynamic_shared() {
#ifdef TW_CPU_DEVICE
  return static_cast<T*>(tw_cpu::dynamic_shared());
#else
  return reinterpret_cast<T*>(tilewright_dynamic_shared);
#endif
}

// A pointer into shared memory whose address is computed in 32 bits, for inner loops for example.
// An int is an offset in elements.
//
// The compiler decides whether it narrows plain pointers: nvcc 13.0 does, NVRTC 13.0 does not. Then
// the measured code differs from the code that an emitted header compiles to (16 more registers in
// a large tile of gemm's simt).
template <class T>
class SharedPointer {
 public:
  // Returns a pointer to the first byte of dynamic shared memory.
  static TW_DEVICE SharedPointer dynamic() {
    SharedPointer result;
#ifdef TW_CPU_DEVICE
    result.address_ = dynamic_shared<T>();
#else
    // The compilers would also treat the conversion from a pointer differently. The operand keeps
    // the array declared.
    asm("mov.u32 %0, tilewright_dynamic_shared;"
        : "=r"(result.address_)
        : "l"(tilewright_dynamic_shared));
#endif
    return result;
  }

  TW_DEVICE SharedPointer operator+(int offset) const {
    SharedPointer result;
#ifdef TW_CPU_DEVICE
    result.address_ = address_ + offset;
#else
    result.address_ = address_ + offset * static_cast<int>(sizeof(T));
#endif
    return result;
  }

  // Returns the address that instructions take: bytes from the start of shared memory. On the cpu
  // device it is a pointer.
  TW_DEVICE auto address() const { return address_; }

 private:
#ifdef TW_CPU_DEVICE
  T* address_;
#else
  unsigned address_;
#endif
};

// Reads kCount elements of 4 or 16 bytes in total with one instruction. `from` is aligned to this
// size.
template <int kCount, class T>
TW_DEVICE Vector<T, kCount> load_vector(SharedPointer<T> from) {
  static_assert(kCount * sizeof(T) == 4 || kCount * sizeof(T) == 16, "one instruction");
#ifdef TW_CPU_DEVICE
  return load_vector<kCount>(from.address());
#else
  union {
    Vector<T, kCount> value;
    unsigned words[kCount * sizeof(T) / 4];
  } read;
  if constexpr (sizeof(read) == 16) {
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(read.words[0]), "=r"(read.words[1]), "=r"(read.words[2]),
                   "=r"(read.words[3])
                 : "r"(from.address())
                 : "memory");
  } else {
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(read.words[0]) : "r"(from.address()) : "memory");
  }
  return read.value;
#endif
}

// Writes one 16-bit element.
template <class T>
TW_DEVICE void store_shared(SharedPointer<T> to, T value) {
  static_assert(sizeof(T) == 2, "a 16-bit element");
#ifdef TW_CPU_DEVICE
  *to.address() = value;
#else
  asm volatile("st.shared.b16 [%0], %1;" ::"r"(to.address()), "h"(value.bits) : "memory");
#endif
}

}  // namespace tw
