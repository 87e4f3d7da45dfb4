// Sums of exponentials in one pass. A partial result is the largest value so far and the sum of the
// exponentials of all values relative to it (Milakov and Gimelshein, Online normalizer calculation
// for softmax, 2018).
#pragma once

#include "common/config.cuh"
#include "common/extrema.cuh"

namespace tw {

// Returns exp(x), computed with the hardware's 2^x. The relative error is at most |x| + 4 units of
// 2^-24, and the result is 0 instead of a denormal number.
TW_DEVICE float fast_exp(float x) {
#ifdef TW_CPU_DEVICE
  return expf(x);
#else
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x * 1.44269504089f));
  return result;
#endif
}

// Returns the sum of a short array, computed by halves, so the errors of its first elements do not
// grow with the length.
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

// log(sum(exp(x))) = max + log(sum). The start is {-infinity, 0}, which adding -infinity does not
// change. Infinities are not subtracted from each other: the sum is infinity if a value is
// infinity, and NaN if a value is NaN.
struct LogSumExp {
  float max = -infinity();
  float sum = 0;

  // Overwrites `values`.
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

  // Returns log(sum(exp(x))): -infinity if all values are -infinity, infinity if one value is
  // infinity.
  TW_DEVICE float result() const { return base_of(max) + logf(sum); }

  // Returns the value that is subtracted from all others: `top` if it is finite, else 0.
  static TW_DEVICE float base_of(float top) { return fabsf(top) == infinity() ? 0.0f : top; }
};

}  // namespace tw
