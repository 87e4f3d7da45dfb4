// The steps of epilogue chains. A step is named after its word in PascalCase
// (tuner/core/types/epilogue.cpp has the words).
//
// At infinities and for NaN a step computes what PyTorch computes. The results are within a few
// units in the last place of the exact ones over the whole range of floats, including denormal
// results. The textbook formulas do not reach this, so some steps are longer than them.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/extrema.cuh"
#include "common/half.cuh"

namespace tw::epilogue {

// The functions of the math library, by type.
TW_DEVICE float exponential(float x) { return expf(x); }
TW_DEVICE double exponential(double x) { return exp(x); }
TW_DEVICE float logarithm_of_1_plus(float x) { return log1pf(x); }
TW_DEVICE double logarithm_of_1_plus(double x) { return log1p(x); }
TW_DEVICE float hyperbolic_tangent(float x) { return tanhf(x); }
TW_DEVICE double hyperbolic_tangent(double x) { return tanh(x); }
TW_DEVICE float absolute(float x) { return fabsf(x); }
TW_DEVICE double absolute(double x) { return fabs(x); }
// Returns 1 / x for x between 1 and 2, or NaN. It is one instruction with an error within one unit
// in the last place; a division takes 16 instructions.
TW_DEVICE float reciprocal_to_2(float x) {
#ifdef TW_CPU_DEVICE
  return 1 / x;
#else
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#endif
}
TW_DEVICE double reciprocal_to_2(double x) { return 1 / x; }
// Bounds that let NaN through. For floats a bound is one instruction; a comparison would take two.
TW_DEVICE float at_least(float x, float low) { return max_or_nan(x, low); }
TW_DEVICE double at_least(double x, double low) { return x < low ? low : x; }
TW_DEVICE float at_most(float x, float high) { return min_or_nan(x, high); }
TW_DEVICE double at_most(double x, double high) { return x > high ? high : x; }

// Returns exp(x) - 1 for x <= 0 or NaN, in 14 instructions. With the 30 instructions of expm1f a
// chain on bf16 would wait for them and not for memory.
//
// x = n * log(2) + r with |r| <= log(2) / 2. Adding 1.5 * 2^23 rounds to the integer n, in the low
// bits. r + r^2 * q(r) is exp(r) - 1: a minimax polynomial whose relative error is below 2^-26.
TW_DEVICE float exponential_minus_1(float x) {
  constexpr float shift = 12582912.0f;
  const float bounded = max_or_nan(x, -87.0f);  // below -87 the result is -1, and 2^n stays normal
  const float shifted = fmaf(bounded, 1.44269504089f, shift);
  const float n = shifted - shift;
  const float r = fmaf(n, 1.90465430e-9f, fmaf(n, -0.693147182465f, bounded));
  float q = 1.3882488710e-3f;
  q = fmaf(q, r, 8.3666965365e-3f);
  q = fmaf(q, r, 4.1667204350e-2f);
  q = fmaf(q, r, 1.6666541994e-1f);
  q = fmaf(q, r, 0.49999997020f);
  const float power = __uint_as_float((__float_as_uint(shifted) << 23) + 0x3f800000u);
  return fmaf(power, fmaf(q * r, r, r), power - 1);
}
TW_DEVICE double exponential_minus_1(double x) { return expm1(x); }

// Reads an element of a tensor through the read-only path.
template <class X, class T>
TW_DEVICE X element(const void* tensor, long long at) {
  const T* const from = static_cast<const T*>(tensor) + at;
  if constexpr (sizeof(T) == 2) {
    return to_float(T{__ldg(&from->bits)});
  } else {
    return static_cast<X>(__ldg(from));
  }
}

// x + an element of a tensor. kIndex names the member of Point that is the element's index.
template <auto Point::*kIndex>
struct Added : Step<1, 0> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const* tensors, const float*, Point p) {
    return x + element<X, T>(tensors[0], p.*kIndex);
  }
};
// The channels of a convolution's output are columns.
struct Bias : Added<&Point::column> {};
struct BiasColumn : Added<&Point::column> {};
struct BiasRow : Added<&Point::row> {};
// The tensor has the shape and the strides of the output.
struct Residual : Added<&Point::offset> {};

// max(x, 0); NaN stays NaN.
struct Relu : Step<0, 0, false> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return at_least(x, X(0));
  }
};

// min(max(x, 0), 6); NaN stays NaN.
struct Relu6 : Step<0, 0, false> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return at_most(at_least(x, X(0)), X(6));
  }
};

// x > 0 ? x : slope * x. Scalars: slope.
struct LeakyRelu : Step<0, 1> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return x > X(0) ? x : x * static_cast<X>(scalars[0]);
  }
};

// x > 0 ? x : alpha * (exp(x) - 1). Scalars: alpha.
struct Elu : Step<0, 1> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return x > X(0) ? x : static_cast<X>(scalars[0]) * exponential_minus_1(x);
  }
};

// 1.0507 * (x > 0 ? x : 1.6733 * (exp(x) - 1)); Klambauer et al., Self-Normalizing Neural Networks.
struct Selu : Step<0, 0> {
  static constexpr double scale = 1.0507009873554804934193349852946;
  static constexpr double alpha = 1.6732632423543772848170429916717;
  static constexpr double slope = scale * alpha;
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return x > X(0) ? static_cast<X>(scale) * x
                    : static_cast<X>(scale * alpha) * exponential_minus_1(x);
  }
};

// exp(-x) for x >= 0 as value * factor. Neither number is denormal until x exceeds 119. It serves
// products that are still normal when exp(-x) is denormal. Beyond 64 the sum x - 32 is exact.
template <class X>
struct Decay {
  X value;
  X factor;
  TW_DEVICE explicit Decay(X x)
      : value(exponential(x > X(64) ? X(32) - x : -x)),
        factor(x > X(64) ? static_cast<X>(1.2664165549094175723120904155965e-14) : X(1)) {}
};

// x times the cumulative normal distribution at x, (1 + erf(x / sqrt(2))) / 2. NaN at -infinity, as
// in PyTorch.
struct Gelu : Step<0, 0> {
  static TW_DEVICE double product(double x) { return x * normcdf(x); }
  // normcdff becomes denormal long before the result does. So this function keeps its two factors
  // apart: erfcx(t) and exp(-t^2) with t = |x| / sqrt(2). The square is a sum of two floats (see
  // GeluTanh).
  static TW_DEVICE float product(float x) {
    const float square = __fmul_rn(x, x);
    const float error = square < 1024 ? fmaf(x, x, -square) : 0.0f;
    const Decay<float> decay(square / 2);
    const float value = decay.value - decay.value * (error / 2);
    const float tail = 0.5f * erfcxf(fabsf(x) * 0.70710678118654752440f) * value;
    return x < 0 ? x * tail * decay.factor : x * (1 - tail * decay.factor);
  }

  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return product(x);
  }
};

// Returns x / (1 + exp(-(high + low))); `low` is small.
template <class X>
TW_DEVICE X logistic_product(X x, X high, X low) {
  const Decay<X> decay(absolute(high));
  const X value = decay.value + decay.value * (high < X(0) ? low : -low);
  return (high < X(0) ? x * value * decay.factor : x) *
         reciprocal_to_2(X(1) + value * decay.factor);
}

// x / 2 * (1 + tanh(u)) with u = sqrt(2 / pi) * (x + 0.044715 x^3), which equals x / (1 +
// exp(-2u)). NaN at -infinity, as in PyTorch.
struct GeluTanh : Step<0, 0> {
  static constexpr double factor = 1.5957691216057307117597842397375;  // 2 * sqrt(2 / pi)
  static constexpr double cubic = 0.044715;

  static TW_DEVICE double product(double x) {
    return logistic_product(x, factor * (x + cubic * x * x * x), 0.0);
  }
  // The exponential multiplies the relative error of its argument by the argument. So 2u is
  // computed as a sum of two floats: each operation keeps its error (Dekker, Numer. Math. 18,
  // 1971). The compiler does not contract the intrinsics into other operations.
  static TW_DEVICE float product(float x) {
    constexpr float factor_high = static_cast<float>(factor);
    constexpr float factor_low = static_cast<float>(factor - static_cast<double>(factor_high));
    constexpr float cubic_high = static_cast<float>(cubic);
    constexpr float cubic_low = static_cast<float>(cubic - static_cast<double>(cubic_high));
    const float square = __fmul_rn(x, x);
    const float square_error = fmaf(x, x, -square);
    const float term = __fmul_rn(cubic_high, square);
    const float term_error =
        fmaf(cubic_high, square, -term) + (cubic_high * square_error + cubic_low * square);
    const float sum = __fadd_rn(1, term);
    const float part = sum - 1;
    const float sum_error = ((1 - (sum - part)) + (term - part)) + term_error;
    const float line = __fmul_rn(factor_high, x);
    const float line_error = fmaf(factor_high, x, -line) + factor_low * x;
    const float high = __fmul_rn(line, sum);
    const float low = fmaf(line, sum, -high) + (line * sum_error + line_error * sum);
    // For larger |high| the result is x or 0, and the errors may be infinite.
    return logistic_product(x, high, absolute(high) < 256 ? low : 0.0f);
  }

  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return product(x);
  }
};

// x / (1 + exp(-x)). NaN at -infinity, as in PyTorch.
struct Silu : Step<0, 0> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return logistic_product(x, x, X(0));
  }
};

// 1 / (1 + exp(-x)): 0 at -infinity, 1 at infinity.
struct Sigmoid : Step<0, 0> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    const X power = exponential(-absolute(x));
    return (x < X(0) ? power : X(1)) * reciprocal_to_2(X(1) + power);
  }
};

// The hyperbolic tangent.
struct Tanh : Step<0, 0> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return hyperbolic_tangent(x);
  }
};

// min(max(x + 3, 0), 6) / 6; NaN stays NaN.
struct Hardsigmoid : Step<0, 0> {
  template <class X>
  static TW_DEVICE X ramp(X x) {
    return at_most(at_least(x + X(3), X(0)), X(6));
  }
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return ramp(x) * X(1.0 / 6);
  }
};

// x * min(max(x + 3, 0), 6) / 6. NaN at -infinity, as in PyTorch.
struct Hardswish : Step<0, 0> {
  // Returns min(max(x + 3, 0), 6) / 6; the saturation is part of the multiplication. The result is
  // exactly 1 from 3 on, since the float nearest to 1/6 is above 1/6. The result for NaN does not
  // matter.
  static TW_DEVICE float gate(float x) { return __saturatef((x + 3) * (1.0f / 6)); }
  static TW_DEVICE double gate(double x) { return Hardsigmoid::ramp(x) / 6; }

  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return x * gate(x);
  }
};

// log(1 + exp(x)). Above 20 it returns x, which equals the result in float.
struct Softplus : Step<0, 0> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float*, Point) {
    return x > X(20) ? x : logarithm_of_1_plus(exponential(x));
  }
};

// min(max(x, lo), hi); NaN stays NaN, and hi wins where lo > hi. Scalars: lo, hi.
struct Clamp : Step<0, 2, false> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return at_most(at_least(x, static_cast<X>(scalars[0])), static_cast<X>(scalars[1]));
  }
};

// x * factor. Scalars: factor.
struct Scale : Step<0, 1> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return x * static_cast<X>(scalars[0]);
  }
};

// x / divisor, computed like PyTorch as x * (1 / divisor), within 1.5 units in the last place. The
// reciprocal is the same for all elements. A division of each element would take 16 instructions,
// and a call for x = 0, which is frequent after a clamp. Scalars: divisor.
struct Div : Step<0, 1> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return x * (X(1) / static_cast<X>(scalars[0]));
  }
};

// x + term. Scalars: term.
struct Add : Step<0, 1> {
  template <class T, class X>
  static TW_DEVICE X apply(X x, const void* const*, const float* scalars, Point) {
    return x + static_cast<X>(scalars[0]);
  }
};

}  // namespace tw::epilogue
