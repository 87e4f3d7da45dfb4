// The checks of a 16-bit type; fp16.cu and bf16.cu define T, T2, MANTISSA and LEAST.
#pragma once
#include "parts.cuh"

// Rounds to the nearest number of the type, ties to even.
__device__ inline float rounded(double x) {
  if (x == 0 || isinf(x)) return float(x);
  int exponent;
  frexp(x, &exponent);
  if (exponent < LEAST) exponent = LEAST;
  const double unit = ldexp(1.0, exponent - MANTISSA - 1);
  const double result = rint(x / unit) * unit;
  return fabs(result) > LARGEST ? copysignf(__int_as_float(0x7f800000), float(x)) : float(result);
}

__device__ inline void common(unsigned h, Results& out) {
  const float scale = (h & 7) == 0 ? 1e-5f : 1.0f;
  const float fa = rounded(scale * (int(h >> 8 & 4095) - 2048) / 37.0f);
  const float fb = rounded((int(h >> 20) - 2048) / 11.0f), fc = rounded((int(h & 1023)) / 3.0f);
  const T a = fa, b = fb, c = fc;
  out.add(fa, float(a));
  out.add(rounded(double(fa) + fb), float(__hadd(a, b)));
  out.add(rounded(double(fa) - fb), float(a - b));
  out.add(rounded(double(fa) * fb), float(a * b));
  out.add(rounded(double(fa) * fb + fc), float(__hfma(a, b, c)));
  if (fb != 0) out.add(rounded(double(fa) / fb), float(__hdiv(a, b)));
  out.add(fa < fb, __hlt(a, b));
  out.add(fa >= fb, a >= b);
  out.add(fa > fb ? fa : fb, float(__hmax(a, b)));
  out.add(fa > fb ? fb : fa, float(__hmin(a, b)));
  out.add(fabsf(fa), float(__habs(a)));
  out.add(-fa, float(-a));
  T2 p(a, b), q(b, c);
  p = __hfma2(p, q, q);
  out.add(rounded(double(fa) * fb + fb), __low2float(p));
  out.add(rounded(double(fb) * fc + fc), __high2float(p));
  q = T2(a, a) + T2(b, c);
  out.add(rounded(double(fa) + fb), float(q.x));
  out.add(rounded(double(fa) + fc), float(q.y));
  T d = a;
  d += b;
  d = d * c;
  out.add(rounded(double(rounded(double(fa) + fb)) * fc), float(d));
  out.add(fa, float(__shfl_xor_sync(0xffffffffu, __shfl_xor_sync(0xffffffffu, a, 5), 5)));
  out.add(float(int(fc)), float(int(float(c))));
}
