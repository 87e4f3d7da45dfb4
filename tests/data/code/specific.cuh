// Only in programs for sm_90a.
#pragma once
#include "twice.cuh"

namespace tests::twice::specific {

struct Knobs {
  int threads;
};

template <class T, class V, class Epilogue>
__global__ void kernel([[maybe_unused]] int n, [[maybe_unused]] const T* x, [[maybe_unused]] T* y) {
#if defined(TW_CPU_DEVICE) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
  double_through<V::knobs.threads>(n, x, y);
#else
  __trap();  // what wgmma does
#endif
}

}  // namespace tests::twice::specific
