// One thread an element.
#pragma once
#include "common/epilogue.cuh"

namespace tw::twice::whole {

struct Knobs {
  int threads;
};

template <class T, class V, class Epilogue>
__global__ void kernel(int n, const T* x, T* y) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) y[i] = x[i] + x[i];
}

}  // namespace tw::twice::whole
