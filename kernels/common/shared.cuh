// The block's dynamic shared memory, typed, and places in it.
#pragma once

#include "common/config.cuh"
#include "common/vector.cuh"

#ifndef TW_CPU_DEVICE
// One declaration for all kernels: CUDA has one such array a kernel. Its name is not mangled, so
// that PTX can say it.
extern "C" {
extern __shared__ __align__(128) unsigned char tilewright_dynamic_shared[];
}
#endif

namespace tw {

// Aligned to 128 bytes. Its size is the launch's.
template <class T>
TW_DEVICE T* dynamic_shared() {
#ifdef TW_CPU_DEVICE
  return static_cast<T*>(tw_cpu::dynamic_shared());
#else
  return reinterpret_cast<T*>(tilewright_dynamic_shared);
#endif
}

// A place in shared memory whose address is computed in 32 bits, in an inner loop for example. With
// plain pointers that is up to the compiler: nvcc 13.0 narrows them, NVRTC 13.0 does not, and then
// what was measured is not what a header compiles to (16 more registers in a large tile of gemm's
// simt). An int is an offset in elements.
template <class T>
class SharedPointer {
 public:
  // Where dynamic shared memory begins.
  static TW_DEVICE SharedPointer dynamic() {
    SharedPointer result;
#ifdef TW_CPU_DEVICE
    result.address_ = dynamic_shared<T>();
#else
    // Also the conversion from a pointer would differ. The operand keeps the array declared.
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

  // What instructions take: bytes from the start of shared memory. On the cpu device a pointer.
  TW_DEVICE auto address() const { return address_; }

 private:
#ifdef TW_CPU_DEVICE
  T* address_;
#else
  unsigned address_;
#endif
};

// Reads kCount elements, of 4 or 16 bytes together. `from` is aligned to them.
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

}  // namespace tw
