// Sums of exponentials in one pass: the largest value so far, and the sum of the others'
// exponentials relative to it (Milakov and Gimelshein, Online normalizer calculation for softmax,
// 2018).
#pragma once

#include "common/config.cuh"
#include "common/extrema.cuh"

namespace tw {

// exp(x) by the hardware's 2^x: a relative error of |x| + 4 units of 2^-24 at most, and 0 instead
// of a denormal number.
TW_DEVICE float fast_exp(float x) {
#ifdef TW_CPU_DEVICE
  return expf(x);
#else
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x * 1.44269504089f));
  return result;
#endif
}

// The sum of a short array, by halves: the errors of its first elements do not grow with its
// length.
template <int kCount>
TW_DEVICE float sum_of(float (&values)[kCount]) {
  static_assert((kCount & (kCount - 1)) == 0, "halves");
  TW_UNROLL
  for (int half = kCount / 2; half > 0; half /= 2) {
    TW_UNROLL
    for (int i = 0; i < half; ++i) values[i] += values[i + half];
  }
  return values[0];
}

// log(sum(exp(x))) = max + log(sum). Nothing is known yet: {-infinity, 0}, which -infinity does not
// change. Infinities are not subtracted from each other: with one infinity among the values the sum
// is infinite, with NaN it is NaN.
struct LogSumExp {
  float max = -infinity();
  float sum = 0;

  // Overwrites the values.
  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    float top = max;
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) top = fmaxf(top, values[i]);
    const float base = base_of(top);
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) values[i] = fast_exp(values[i] - base);
    sum = fmaf(sum, fast_exp(max - base), sum_of(values));
    max = top;
  }

  TW_DEVICE void merge(const LogSumExp& other) {
    const float top = fmaxf(max, other.max);
    const float base = base_of(top);
    sum = fmaf(sum, fast_exp(max - base), other.sum * fast_exp(other.max - base));
    max = top;
  }

  // log(sum(exp(x))): -infinity if all are, infinity if one is.
  TW_DEVICE float result() const { return base_of(max) + logf(sum); }

  // What values are compared with: `top` if it is finite.
  static TW_DEVICE float base_of(float top) { return fabsf(top) == infinity() ? 0.0f : top; }
};

}  // namespace tw
