// The oracle of y = 2 x.
#pragma once
#include "common/epilogue.cuh"

namespace faults {

template <class T, class V, class Epilogue>
__global__ void reference(int cols, int ld, const T* x, double* expected, double* magnitude) {
  const long long row = static_cast<long long>(blockIdx.x) * ld;
  for (int i = static_cast<int>(threadIdx.x); i < cols; i += static_cast<int>(blockDim.x)) {
    expected[row + i] = 2.0 * static_cast<double>(x[row + i]);
    magnitude[row + i] = fabs(expected[row + i]);
  }
}

}  // namespace faults
