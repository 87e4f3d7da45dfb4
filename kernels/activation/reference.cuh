// The reference of an element-wise chain: evaluates the chain in fp64, one element after the other.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"
#include "common/half.cuh"

namespace tw::activation {

// Any grid works. Writes y_expected and y_magnitude with the strides of y.
template <class T, class V, class Epilogue>
__global__ void reference(long long rows, long long columns, const T* x, long long ldx,
                          long long ldy, typename Epilogue::Args epilogue, double tolerance,
                          double* y_expected, double* y_magnitude) {
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < rows * columns; i += step) {
    const long long row = i / columns;
    const long long column = i % columns;
    const long long at = row * ldy + column;
    Exact result(static_cast<double>(to_float(x[row * ldx + column])), 0);
    epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue,
                       epilogue::Point{static_cast<int>(row), static_cast<int>(column), at});
    y_expected[at] = result.value;
    y_magnitude[at] = result.magnitude;
  }
}

}  // namespace tw::activation
