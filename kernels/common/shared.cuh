// The block's dynamic shared memory, typed. One declaration for all kernels: CUDA has one such
// array a kernel, and two declarations of different types under one name do not compile.
#pragma once

#include "common/config.cuh"

namespace tw {

// Aligned to 128 bytes. Its size is the launch's.
template <class T>
TW_DEVICE T* dynamic_shared() {
#ifdef TW_CPU_DEVICE
  return static_cast<T*>(tw_cpu::dynamic_shared());
#else
  extern __shared__ __align__(128) unsigned char dynamic_shared_bytes[];
  return reinterpret_cast<T*>(dynamic_shared_bytes);
#endif
}

}  // namespace tw
