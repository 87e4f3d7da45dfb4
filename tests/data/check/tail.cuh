// Wrong on purpose: a block doubles a tile, and what is left after the last whole tile is nobody's.
#pragma once
#include "common/epilogue.cuh"

namespace tw::twice::tail {

struct Knobs {
  int threads;
};

template <class T, class V, class Epilogue>
__global__ void kernel(int n, const T* x, T* y) {
  const int tiles = n / V::knobs.threads;
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (static_cast<int>(blockIdx.x) < tiles) y[i] = x[i] + x[i];
}

}  // namespace tw::twice::tail
