// The reference of a reduction, in fp64. Blocks go from output to output. A block has one thread,
// or a power of two of threads if the extent is long.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"
#include "common/extrema.cuh"
#include "common/folded_elements.cuh"
#include "reduce/op.cuh"

namespace tw::reduce {

// Returns t * exp(-t), which is 0 at infinity.
TW_DEVICE double weighed(double t) { return t - t == 0 ? t * exp(-t) : 0; }

// See op.toml for the magnitude of logsumexp.
template <class T, class V>
TW_DEVICE Exact reduced(const FoldedElements<T>& x) {
  constexpr Operation operation = V::choices.operation;
  const auto same = [](double a) { return a; };
  const auto add = [](double a, double b) { return a + b; };
  const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
  const auto smaller = [](double a, double b) { return a < b || a != a ? a : b; };
  if constexpr (operation == Operation::sum || operation == Operation::mean) {
    const double scale = operation == Operation::mean ? 1.0 / static_cast<double>(x.count) : 1.0;
    const double absolute = x.fold(
        0, [](double a) { return fabs(a); }, add);
    return {x.fold(0, same, add) * scale, absolute * scale};
  } else if constexpr (operation == Operation::max) {
    const double value = x.fold(-infinity(), same, larger);
    return {value, 0};
  } else if constexpr (operation == Operation::min) {
    const double value = x.fold(infinity(), same, smaller);
    return {value, 0};
  } else {
    const double top = x.fold(-infinity(), same, larger);
    const double base = fabs(top) == static_cast<double>(infinity()) ? 0 : top;
    const double sum = x.fold(
        0, [base](double a) { return exp(a - base); }, add);
    const double spread = x.fold(
        0, [base](double a) { return weighed(fabs(a - base)); }, add);
    if (top - top != 0) return {top, 0};
    return {base + log(sum), fabs(base) + fabs(log(sum)) + 1 + spread / sum};
  }
}

// Any grid works.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    reference(long long outer, long long extent, long long inner, const T* x, long long ldx,
              typename Epilogue::Args epilogue, double tolerance, double* y_expected,
              double* y_magnitude) {
  for (long long at = blockIdx.x; at < outer * inner; at += gridDim.x) {
    const long long row = at / inner;
    const long long column = at % inner;
    Exact result = reduced<T, V>(FoldedElements<T>{x + row * ldx + column, extent, inner});
    if (threadIdx.x != 0) continue;
    epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue,
                       epilogue::Point{static_cast<int>(row), static_cast<int>(column), at});
    y_expected[at] = result.value;
    y_magnitude[at] = result.magnitude;
  }
}

}  // namespace tw::reduce
