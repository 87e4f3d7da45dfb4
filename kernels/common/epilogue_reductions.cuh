// Chains that end in a reduction: of each row of what the chain makes one value is left, and the
// rest is never written. Included by the kernels that support it. A reduction is named after its
// word in PascalCase (tuner/core/epilogue.cpp has the words).
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
//
// Exact is the same in double, for the references, with the magnitude of the result: by how much an
// error of `magnitude` in each element, in the worst case, changes it, plus what it rounds itself.
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

// log(sum(exp(x))). It is changed by no more than the largest change of an element, since its
// derivatives are positive and add up to 1. It rounds exponentials of x - max, to 4 units and one
// more for each unit of |x - max|, their sum, its logarithm and what that is added to: a few units
// of the largest |x| and of the result.
struct LogSumExp : tw::LogSumExp {
  static TW_DEVICE float absent() { return -infinity(); }

  template <class Use>
  TW_DEVICE void each(Use use) {
    use(max);
    use(sum);
  }

  struct Exact {
    double top = -infinity();
    double sum = 0;
    double largest = 0;

    TW_DEVICE void add(double value, double magnitude) {
      merge({value, 1, fmax(magnitude, fabs(value))});
    }
    TW_DEVICE void merge(const Exact& other) {
      const double higher = fmax(top, other.top);
      const double base = fabs(higher) == infinity() ? 0 : higher;
      sum = sum * exp(top - base) + other.sum * exp(other.top - base);
      top = higher;
      largest = fmax(largest, other.largest);
    }
    TW_DEVICE double result() const { return (fabs(top) == infinity() ? 0 : top) + log(sum); }
    TW_DEVICE double magnitude() const { return largest + fabs(result()); }
  };
};

// The largest. It is changed by no more than the largest change of an element, and rounds nothing.
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

  struct Exact {
    double top = -infinity();
    double largest = 0;

    TW_DEVICE void add(double value, double magnitude) { merge({value, magnitude}); }
    TW_DEVICE void merge(const Exact& other) {
      top = top > other.top || top != top ? top : other.top;
      largest = fmax(largest, other.largest);
    }
    TW_DEVICE double result() const { return top; }
    TW_DEVICE double magnitude() const { return largest; }
  };
};

// The sum. The changes of its elements add up; the errors of adding in any order are those of a
// product's sum, of which the elements' magnitudes are the terms.
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

  struct Exact {
    double sum = 0;
    double terms = 0;

    TW_DEVICE void add(double value, double magnitude) { merge({value, magnitude}); }
    TW_DEVICE void merge(const Exact& other) {
      sum += other.sum;
      terms += other.terms;
    }
    TW_DEVICE double result() const { return sum; }
    TW_DEVICE double magnitude() const { return terms; }
  };
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
