// Chains that end in a reduction: the reduction keeps one value of each row of the chain's results,
// and the results themselves are never written. The kernels that support reductions include this
// file. A reduction is named after its word in PascalCase (tuner/core/types/epilogue.cpp has the
// words).
//
// A reduction object is a partial result of one or two floats, which each(use) visits. A new object
// has seen no values.
//
//     add(values)      sees an array of 4 or 8 values, and may overwrite the array
//     merge(other)     sees the values that `other` has seen
//     result()         the result of all values seen
//     absent           an element that changes nothing
//
// Infinities and NaN have the same effect as in PyTorch: the result is NaN if one value is NaN;
// LogSumExp returns infinity if one value is infinity, and -infinity if all values are -infinity.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/extrema.cuh"
#include "common/log_sum_exp.cuh"

namespace tw::epilogue {

// The chain, followed by the reduction of each row of its results.
template <class Steps, class R>
struct Reduced : Steps {
  using Reduction = R;
};

template <class Epilogue>
inline constexpr bool is_reduced = false;
template <class Steps, class R>
inline constexpr bool is_reduced<Reduced<Steps, R>> = true;

// log(sum(exp(x))).
struct LogSumExp : tw::LogSumExp {
  static TW_DEVICE float absent() { return -infinity(); }

  template <class Use>
  TW_DEVICE void each(Use use) {
    use(max);
    use(sum);
  }
};

// The largest.
struct Max {
  float top = -infinity();

  static TW_DEVICE float absent() { return -infinity(); }
  template <class Use>
  TW_DEVICE void each(Use use) {
    use(top);
  }
  template <int kCount>
  TW_DEVICE void add(const float (&values)[kCount]) {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) top = max_or_nan(top, values[i]);
  }
  TW_DEVICE void merge(const Max& other) { top = max_or_nan(top, other.top); }
  TW_DEVICE float result() const { return top; }
};

// The sum.
struct Sum {
  float sum = 0;

  static TW_DEVICE float absent() { return 0; }
  template <class Use>
  TW_DEVICE void each(Use use) {
    use(sum);
  }
  // Overwrites `values`.
  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    sum += sum_of(values);
  }
  TW_DEVICE void merge(const Sum& other) { sum += other.sum; }
  TW_DEVICE float result() const { return sum; }
};

// Merges the partial results of the lanes whose numbers differ only in the bits below kLanes, a
// power of two. The order is fixed, so results do not depend on timing.
template <int kLanes, class R>
TW_DEVICE void join_lanes(R& mine) {
  TW_UNROLL
  for (int distance = 1; distance < kLanes; distance *= 2) {
    R other = mine;
    other.each([&](float& part) { part = __shfl_xor_sync(0xffffffffu, part, distance); });
    mine.merge(other);
  }
}

}  // namespace tw::epilogue
