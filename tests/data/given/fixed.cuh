// n is a macro, so the code serves one n.
#ifndef FIXED_CUH
#define FIXED_CUH
#include "parts/load.cuh"

namespace filters {
__constant__ float taps[WIDTH];
template <int kBlock, class T>
__global__ void __launch_bounds__(kBlock) fixed(const T* x, T* y, double scale) {
  const int i = blockIdx.x * kBlock + threadIdx.x;
  if (i >= n) return;
  T sum = 0;
  for (int k = 0; k < WIDTH; ++k) sum += taps[k] * load(x, i + k, n + 4);
  y[i] = scale * sum + 3;
}
}  // namespace filters

#endif
