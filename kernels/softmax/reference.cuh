// The reference of the softmax of rows, in fp64. A block takes row after row. It has one thread, or
// a power of two of threads if rows are long.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"
#include "common/extrema.cuh"
#include "common/folded_elements.cuh"
#include "common/half.cuh"
#include "softmax/op.cuh"

namespace tw::softmax {

// Any grid works. Writes with the strides of y; see op.toml for the magnitude.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    reference(long long rows, long long columns, const T* x, long long ldx, long long ldy,
              typename Epilogue::Args epilogue, double tolerance, double* y_expected,
              double* y_magnitude) {
  const auto add = [](double a, double b) { return a + b; };
  for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
    const T* const from = x + row * ldx;
    const FoldedElements<T> elements{from, columns, 1};
    const double top = elements.fold(
        -infinity(), [](double a) { return a; },
        [](double a, double b) { return a > b || a != a ? a : b; });
    const double sum = elements.fold(
        0, [top](double a) { return exp(a - top); }, add);
    const double spread =
        elements.fold(
            0, [top](double a) { return a - a == 0 ? exp(a - top) * (top - a) : 0; }, add) /
        sum;
    for (long long column = threadIdx.x; column < columns; column += blockDim.x) {
      const long long at = row * ldy + column;
      const double below = static_cast<double>(to_float(from[column])) - top;
      double value = below - log(sum);
      double magnitude = fabs(below) + log(sum) + 1 + spread;
      if constexpr (V::choices.operation == Operation::softmax) {
        value = exp(below) / sum;
        // The hardware's exponential returns 0 for a subnormal result.
        magnitude = value * (1 + fabs(below) + spread) + (tolerance > 0 ? 0x1p-126 / tolerance : 0);
      }
      Exact result(value, magnitude);
      epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue,
                         epilogue::Point{static_cast<int>(row), static_cast<int>(column), at});
      y_expected[at] = result.value;
      y_magnitude[at] = result.magnitude;
    }
  }
}

}  // namespace tw::softmax
