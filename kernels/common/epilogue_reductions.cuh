// Chains that end in a reduction: of each row of what the chain makes one value is left, and the
// rest is never written. Included by the kernels that support it. A reduction is named after its
// word in PascalCase (tuner/core/types/epilogue.cpp has the words).
//
// It is a partial of one or two floats, which each(use) visits; a new one has seen nothing.
//
//     add(values)      sees an array of 4 or 8 values, and may overwrite it
//     merge(other)     sees what the other one has seen
//     result()         of all that was seen
//     absent           an element that changes nothing
//
// Infinities and NaN do what they do in PyTorch: NaN wins; an infinity is the result of LogSumExp,
// and so is -infinity if there is nothing else.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/extrema.cuh"
#include "common/log_sum_exp.cuh"

namespace tw::epilogue {

// The chain, then the reduction of each row of its results.
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
  // Overwrites the values.
  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    sum += sum_of(values);
  }
  TW_DEVICE void merge(const Sum& other) { sum += other.sum; }
  TW_DEVICE float result() const { return sum; }
};

// Joins what the lanes have seen whose numbers differ in the bits below kLanes only, a power of
// two; in a fixed order, so that results do not depend on timing.
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
