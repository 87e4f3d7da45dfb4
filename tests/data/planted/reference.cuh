// The oracle of y = 2 x.
#pragma once
#include "common/epilogue.cuh"

namespace planted {

template <class T, class V, class Epilogue>
__global__ void reference(int elements, const T* x, double* expected, double* magnitude) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= elements) return;
  expected[i] = 2.0 * static_cast<double>(x[i]);
  magnitude[i] = fabs(expected[i]);
}

}  // namespace planted
