// What math.h lacks of CUDA's arithmetic. The approximate functions are as exact as math.h here.
#pragma once

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline long min(long a, long b) { return a < b ? a : b; }
inline long max(long a, long b) { return a > b ? a : b; }
inline unsigned long min(unsigned long a, unsigned long b) { return a < b ? a : b; }
inline unsigned long max(unsigned long a, unsigned long b) { return a > b ? a : b; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a > b ? a : b; }
// Two integer types of one size and different signs are compared as unsigned ones, as CUDA does.
inline unsigned min(int a, unsigned b) { return min(static_cast<unsigned>(a), b); }
inline unsigned max(int a, unsigned b) { return max(static_cast<unsigned>(a), b); }
inline unsigned min(unsigned a, int b) { return min(a, static_cast<unsigned>(b)); }
inline unsigned max(unsigned a, int b) { return max(a, static_cast<unsigned>(b)); }
inline unsigned long long min(long long a, unsigned long long b) {
  return min(static_cast<unsigned long long>(a), b);
}
inline unsigned long long max(long long a, unsigned long long b) {
  return max(static_cast<unsigned long long>(a), b);
}
inline unsigned long long min(unsigned long long a, long long b) {
  return min(a, static_cast<unsigned long long>(b));
}
inline unsigned long long max(unsigned long long a, long long b) {
  return max(a, static_cast<unsigned long long>(b));
}
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(float a, double b) { return fmin(a, b); }
inline double max(float a, double b) { return fmax(a, b); }
inline double min(double a, float b) { return fmin(a, b); }
inline double max(double a, float b) { return fmax(a, b); }
inline unsigned long min(long a, unsigned long b) { return min(static_cast<unsigned long>(a), b); }
inline unsigned long max(long a, unsigned long b) { return max(static_cast<unsigned long>(a), b); }
inline unsigned long min(unsigned long a, long b) { return min(a, static_cast<unsigned long>(b)); }
inline unsigned long max(unsigned long a, long b) { return max(a, static_cast<unsigned long>(b)); }
inline unsigned umin(unsigned a, unsigned b) { return min(a, b); }
inline unsigned umax(unsigned a, unsigned b) { return max(a, b); }
inline long long llmin(long long a, long long b) { return min(a, b); }
inline long long llmax(long long a, long long b) { return max(a, b); }
inline unsigned long long ullmin(unsigned long long a, unsigned long long b) { return min(a, b); }
inline unsigned long long ullmax(unsigned long long a, unsigned long long b) { return max(a, b); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline int __float_as_int(float x) { return tw_cpu::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return tw_cpu::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return tw_cpu::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return tw_cpu::bit_cast<float>(x); }
inline double __longlong_as_double(long long x) { return tw_cpu::bit_cast<double>(x); }
inline long long __double_as_longlong(double x) { return tw_cpu::bit_cast<long long>(x); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int high, int low) {
  return __longlong_as_double(static_cast<long long>(static_cast<unsigned long long>(high) << 32 |
                                                     static_cast<unsigned>(low)));
}

inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __tanhf(float x) { return tanhf(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline void __sincosf(float x, float* sine, float* cosine) {
  *sine = sinf(x);
  *cosine = cosf(x);
}
inline float fdividef(float x, float y) { return x / y; }
inline float fdivide(float x, float y) { return x / y; }
inline double fdivide(double x, double y) { return x / y; }
// NaN becomes 0.
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

namespace tw_cpu {

// sin(pi x) and cos(pi x), exact where they are 0, 1 or -1. The period is 2.
inline double sin_of_pi(double x) {
  if (std::isinf(x)) return NAN;
  double rest = fmod(x, 2.0);  // exact
  if (rest == 0 || fabs(rest) == 1) return copysign(0.0, x);
  if (fabs(rest) > 1) rest -= copysign(2.0, rest);
  if (fabs(rest) > 0.5) rest = copysign(1.0, rest) - rest;
  return sin(rest * 3.14159265358979323846);
}
inline double cos_of_pi(double x) {
  if (std::isinf(x)) return NAN;
  double rest = fabs(fmod(x, 2.0));
  if (rest > 1) rest = 2 - rest;
  if (rest == 0.5) return 0;
  return rest < 0.25 ? cos(rest * 3.14159265358979323846)
                     : sin((0.5 - rest) * 3.14159265358979323846);
}
// The inverse of erf: Winitzki's approximation, and Newton's steps.
inline double inverse_erf(double x) {
  if (!(fabs(x) < 1)) return fabs(x) == 1 ? copysign(HUGE_VAL, x) : NAN;
  const double a = 0.147, log_of = log1p(-x * x), b = 2 / (3.14159265358979323846 * a) + log_of / 2;
  double y = copysign(sqrt(sqrt(b * b - log_of / a) - b), x);
  for (int i = 0; i < 3; ++i) y -= (erf(y) - x) * 0.88622692545275801365 * exp(y * y);
  return y;
}
inline double inverse_erfc(double x) {
  if (!(x > 0 && x < 2)) return x == 0 ? HUGE_VAL : x == 2 ? -HUGE_VAL : NAN;
  if (x > 0.0625) return inverse_erf(1 - x);
  double y = sqrt(-log(x * sqrt(-log(x))));
  for (int i = 0; i < 8; ++i) y += (erfc(y) - x) * 0.88622692545275801365 * exp(y * y);
  return y;
}
inline double scaled_erfc(double x) {
  return x < 25 ? exp(x * x) * erfc(x) : 0.56418958354775628695 / x;  // 1 / sqrt(pi)
}
template <class T>
inline T root_of_squares(int count, const T* values) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return static_cast<T>(sqrt(sum));
}

}  // namespace tw_cpu

// A function of doubles, for floats too: as `name(double)`, `name(float)` and `namef(float)`.
#define TW_CPU_UNARY(name, value)                \
  inline double name(double x) { return value; } \
  inline float name##f(float given) {            \
    const double x = given;                      \
    return static_cast<float>(value);            \
  }                                              \
  inline float name(float x) { return name##f(x); }
TW_CPU_UNARY(rsqrt, 1 / sqrt(x))
TW_CPU_UNARY(rcbrt, 1 / cbrt(x))
TW_CPU_UNARY(sinpi, tw_cpu::sin_of_pi(x))
TW_CPU_UNARY(cospi, tw_cpu::cos_of_pi(x))
TW_CPU_UNARY(normcdf, erfc(-x * 0.70710678118654752440) / 2)
TW_CPU_UNARY(normcdfinv, -1.41421356237309504880 * tw_cpu::inverse_erfc(2 * x))
TW_CPU_UNARY(erfinv, tw_cpu::inverse_erf(x))
TW_CPU_UNARY(erfcinv, tw_cpu::inverse_erfc(x))
TW_CPU_UNARY(erfcx, tw_cpu::scaled_erfc(x))
#undef TW_CPU_UNARY
inline float exp10(float x) { return __exp10f(x); }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }

inline void sincospi(double x, double* sine, double* cosine) {
  *sine = sinpi(x);
  *cosine = cospi(x);
}
inline void sincospif(float x, float* sine, float* cosine) {
  *sine = sinpif(x);
  *cosine = cospif(x);
}

// Euclidean norms and their reciprocals, of 2 to 4 numbers and of arrays.
#define TW_CPU_NORMS(T, suffix)                                                   \
  inline T norm##suffix(int count, const T* values) {                             \
    return tw_cpu::root_of_squares(count, values);                                \
  }                                                                               \
  inline T rnorm##suffix(int count, const T* values) {                            \
    return 1 / tw_cpu::root_of_squares(count, values);                            \
  }                                                                               \
  inline T norm3d##suffix(T a, T b, T c) {                                        \
    const T values[] = {a, b, c};                                                 \
    return tw_cpu::root_of_squares(3, values);                                    \
  }                                                                               \
  inline T norm4d##suffix(T a, T b, T c, T d) {                                   \
    const T values[] = {a, b, c, d};                                              \
    return tw_cpu::root_of_squares(4, values);                                    \
  }                                                                               \
  inline T rhypot##suffix(T a, T b) { return 1 / std::hypot(a, b); }              \
  inline T rnorm3d##suffix(T a, T b, T c) { return 1 / norm3d##suffix(a, b, c); } \
  inline T rnorm4d##suffix(T a, T b, T c, T d) { return 1 / norm4d##suffix(a, b, c, d); }
TW_CPU_NORMS(double, )
TW_CPU_NORMS(float, f)
#undef TW_CPU_NORMS
// The modified Bessel functions of the first kind.
inline double cyl_bessel_i0(double x) { return std::cyl_bessel_i(0, fabs(x)); }
inline double cyl_bessel_i1(double x) { return copysign(std::cyl_bessel_i(1, fabs(x)), x); }
inline float cyl_bessel_i0f(float x) { return static_cast<float>(cyl_bessel_i0(x)); }
inline float cyl_bessel_i1f(float x) { return static_cast<float>(cyl_bessel_i1(x)); }
