// Arithmetic and conversions with a given rounding, as the intrinsics __fadd_rz, __float2int_ru and
// the like have it: the nearest result, and the sign of what it lacks to the exact one.
#pragma once

namespace tw_cpu {

enum class Rounding { rn, rz, ru, rd };  // to nearest even, towards zero, up, down

// Returns x; the compiler does not fuse the product that x may be with a later sum.
template <class T>
inline T settled(T x) {
#if defined(__x86_64__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#else
  volatile T stored = x;
  x = stored;
#endif
  return x;
}

// Returns the result in the given rounding. `nearest` is the exact result rounded to nearest;
// `rest`, the exact result less `nearest`, needs the right sign only.
template <Rounding mode, class T>
inline T rounded(T nearest, double rest) {
  const T infinity = static_cast<T>(HUGE_VAL);
  if (mode == Rounding::rn || rest == 0 || rest != rest) return nearest;
  if (mode == Rounding::ru || (mode == Rounding::rz && nearest < 0)) {
    return rest > 0 ? std::nextafter(nearest, infinity) : nearest;
  }
  return rest < 0 ? std::nextafter(nearest, -infinity) : nearest;
}

// Returns what an operation on finite numbers that overflowed lacks to its exact result.
template <class T>
inline double rest_of_overflow(T nearest) {
  return nearest > 0 ? -1 : 1;
}

template <Rounding mode, class T>
inline T add(T a, T b) {
  a = settled(a);
  b = settled(b);
  const T sum = a + b, b_part = sum - a;
  if (std::isinf(sum) && std::isfinite(a) && std::isfinite(b)) {
    return rounded<mode>(sum, rest_of_overflow(sum));
  }
  if (sum == 0 && mode == Rounding::rd && (std::signbit(a) || std::signbit(b))) return -T(0);
  return rounded<mode>(sum, static_cast<double>((a - (sum - b_part)) + (b - b_part)));
}

template <Rounding mode, class T>
inline T multiply(T a, T b) {
  const T product = settled(a * b);
  if (std::isinf(product) && std::isfinite(a) && std::isfinite(b)) {
    return rounded<mode>(product, rest_of_overflow(product));
  }
  return rounded<mode>(product, static_cast<double>(std::fma(a, b, -product)));
}

template <Rounding mode, class T>
inline T divide(T a, T b) {
  const T quotient = a / b;
  if (std::isinf(quotient)) {
    const bool is_overflow = std::isfinite(a) && b != 0;
    return rounded<mode>(quotient, is_overflow ? rest_of_overflow(quotient) : 0.0);
  }
  const double rest = static_cast<double>(std::fma(-quotient, b, a));
  return rounded<mode>(quotient, b < 0 ? -rest : rest);
}

template <Rounding mode, class T>
inline T square_root(T x) {
  const T root = std::sqrt(x);
  if (std::isinf(root)) return root;
  return rounded<mode>(root, static_cast<double>(std::fma(-root, root, x)));
}

// The product is split into two numbers, and so is its sum with c.
template <Rounding mode, class T>
inline T multiply_add(T a, T b, T c) {
  const T result = std::fma(a, b, c);
  if (mode == Rounding::rn) return result;
  if (std::isinf(result) && std::isfinite(a) && std::isfinite(b) && std::isfinite(c)) {
    return rounded<mode>(result, rest_of_overflow(result));
  }
  const T product = settled(a * b), low = std::fma(a, b, -product);
  const T sum = product + c, c_part = sum - product;
  const T rest = (product - (sum - c_part)) + (c - c_part);
  return rounded<mode>(result, static_cast<double>((sum - result) + (rest + low)));
}

// Returns a double or an integer as a float or a double.
template <Rounding mode, class To, class From>
inline To convert(From x) {
  const long double exact = static_cast<long double>(x);
  const To nearest = static_cast<To>(x);
  if (std::isinf(nearest) && std::isfinite(exact)) {
    return rounded<mode>(nearest, rest_of_overflow(nearest));
  }
  const long double rest = exact - static_cast<long double>(nearest);
  return rounded<mode>(nearest, rest > 0 ? 1.0 : rest < 0 ? -1.0 : 0.0);
}

template <Rounding mode>
inline double to_whole(double x) {
  if (mode == Rounding::rn) return std::nearbyint(x);
  if (mode == Rounding::rz) return std::trunc(x);
  return mode == Rounding::ru ? std::ceil(x) : std::floor(x);
}

// Returns the whole number; the nearest one that To has, if To does not have it. NaN is 0 in 32
// bits and only the highest bit in 64.
template <Rounding mode, class To>
inline To to_integer(double x) {
  constexpr bool is_signed = static_cast<To>(-1) < 0;
  constexpr To highest_bit = static_cast<To>(1ull << (8 * sizeof(To) - 1));
  constexpr To largest =
      static_cast<To>(is_signed ? ~static_cast<unsigned long long>(highest_bit) : ~0ull);
  constexpr To smallest = is_signed ? highest_bit : To(0);
  if (x != x) return sizeof(To) == 8 ? highest_bit : To(0);
  const double whole = to_whole<mode>(x);
  const double above = is_signed ? -static_cast<double>(smallest)
                                 : 2.0 * static_cast<double>(1ull << (8 * sizeof(To) - 1));
  if (whole >= above) return largest;
  return whole <= static_cast<double>(smallest) ? smallest : static_cast<To>(whole);
}

}  // namespace tw_cpu

// Defines `type name##_rn(parameters)`, _rz, _ru and _rd; `value` reads `mode`.
#define TW_CPU_ROUNDED_AS(suffix, type, name, parameters, value) \
  inline type name##_##suffix parameters {                       \
    constexpr tw_cpu::Rounding mode = tw_cpu::Rounding::suffix;  \
    return value;                                                \
  }
#define TW_CPU_ROUNDED(type, name, parameters, ...)            \
  TW_CPU_ROUNDED_AS(rn, type, name, parameters, (__VA_ARGS__)) \
  TW_CPU_ROUNDED_AS(rz, type, name, parameters, (__VA_ARGS__)) \
  TW_CPU_ROUNDED_AS(ru, type, name, parameters, (__VA_ARGS__)) \
  TW_CPU_ROUNDED_AS(rd, type, name, parameters, (__VA_ARGS__))

TW_CPU_ROUNDED(float, __fadd, (float a, float b), tw_cpu::add<mode>(a, b))
TW_CPU_ROUNDED(float, __fsub, (float a, float b), tw_cpu::add<mode>(a, -b))
TW_CPU_ROUNDED(float, __fmul, (float a, float b), tw_cpu::multiply<mode>(a, b))
TW_CPU_ROUNDED(float, __fdiv, (float a, float b), tw_cpu::divide<mode>(a, b))
TW_CPU_ROUNDED(float, __frcp, (float x), tw_cpu::divide<mode>(1.0f, x))
TW_CPU_ROUNDED(float, __fsqrt, (float x), tw_cpu::square_root<mode>(x))
TW_CPU_ROUNDED(float, __fmaf, (float a, float b, float c), tw_cpu::multiply_add<mode>(a, b, c))
TW_CPU_ROUNDED(double, __dadd, (double a, double b), tw_cpu::add<mode>(a, b))
TW_CPU_ROUNDED(double, __dsub, (double a, double b), tw_cpu::add<mode>(a, -b))
TW_CPU_ROUNDED(double, __dmul, (double a, double b), tw_cpu::multiply<mode>(a, b))
TW_CPU_ROUNDED(double, __ddiv, (double a, double b), tw_cpu::divide<mode>(a, b))
TW_CPU_ROUNDED(double, __drcp, (double x), tw_cpu::divide<mode>(1.0, x))
TW_CPU_ROUNDED(double, __dsqrt, (double x), tw_cpu::square_root<mode>(x))
TW_CPU_ROUNDED(double, __fma, (double a, double b, double c), tw_cpu::multiply_add<mode>(a, b, c))

TW_CPU_ROUNDED(int, __float2int, (float x), tw_cpu::to_integer<mode, int>(x))
TW_CPU_ROUNDED(unsigned, __float2uint, (float x), tw_cpu::to_integer<mode, unsigned>(x))
TW_CPU_ROUNDED(long long, __float2ll, (float x), tw_cpu::to_integer<mode, long long>(x))
TW_CPU_ROUNDED(unsigned long long, __float2ull, (float x),
               tw_cpu::to_integer<mode, unsigned long long>(x))
TW_CPU_ROUNDED(int, __double2int, (double x), tw_cpu::to_integer<mode, int>(x))
TW_CPU_ROUNDED(unsigned, __double2uint, (double x), tw_cpu::to_integer<mode, unsigned>(x))
TW_CPU_ROUNDED(long long, __double2ll, (double x), tw_cpu::to_integer<mode, long long>(x))
TW_CPU_ROUNDED(unsigned long long, __double2ull, (double x),
               tw_cpu::to_integer<mode, unsigned long long>(x))
TW_CPU_ROUNDED(float, __double2float, (double x), tw_cpu::convert<mode, float>(x))
TW_CPU_ROUNDED(float, __int2float, (int x), tw_cpu::convert<mode, float>(x))
TW_CPU_ROUNDED(float, __uint2float, (unsigned x), tw_cpu::convert<mode, float>(x))
TW_CPU_ROUNDED(float, __ll2float, (long long x), tw_cpu::convert<mode, float>(x))
TW_CPU_ROUNDED(float, __ull2float, (unsigned long long x), tw_cpu::convert<mode, float>(x))
TW_CPU_ROUNDED(double, __ll2double, (long long x), tw_cpu::convert<mode, double>(x))
TW_CPU_ROUNDED(double, __ull2double, (unsigned long long x), tw_cpu::convert<mode, double>(x))
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned x) { return x; }
