// The bits of 16-bit floating-point numbers, in all roundings.
#pragma once

namespace tw_cpu {

struct Format16 {
  int exponent_bits, mantissa_bits;
};
inline constexpr Format16 half_format{5, 10}, bfloat_format{8, 7};

// Returns the number rounded to the format. NaN becomes 0x7fff.
template <const Format16& format, Rounding mode = Rounding::rn>
inline unsigned short encode(double x) {
  constexpr int least_exponent = 2 - (1 << (format.exponent_bits - 1));  // of normal numbers
  constexpr unsigned infinity = ((1u << format.exponent_bits) - 1) << format.mantissa_bits;
  const unsigned long long bits = bit_cast<unsigned long long>(x);
  const bool negative = bits >> 63 != 0;
  const unsigned sign = negative ? 0x8000u : 0u;
  if (x != x) return 0x7fff;
  const bool away = (mode == Rounding::ru && !negative) || (mode == Rounding::rd && negative);
  int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  if (exponent == 1024) return static_cast<unsigned short>(sign | infinity);
  if (exponent >= -least_exponent + 2) {  // larger than all finite numbers
    const bool to_infinity = mode == Rounding::rn || away;
    return static_cast<unsigned short>(sign | (to_infinity ? infinity : infinity - 1));
  }
  unsigned long long mantissa = bits & ((1ull << 52) - 1);
  if (exponent != -1023) mantissa |= 1ull << 52;
  int dropped = 52 - format.mantissa_bits;
  if (exponent < least_exponent) {
    dropped += least_exponent - exponent;
    exponent = least_exponent;
    if (dropped > 62) dropped = 62;  // below half of the least number
  }
  const unsigned long long rest = mantissa & ((1ull << dropped) - 1), half = 1ull << (dropped - 1);
  unsigned long long kept = mantissa >> dropped;
  if (mode == Rounding::rn ? rest > half || (rest == half && (kept & 1) != 0) : away && rest != 0) {
    ++kept;
  }
  // A carry goes into the exponent. Of denormal numbers `kept` lacks the implicit bit.
  const int biased = exponent - least_exponent;
  unsigned magnitude =
      static_cast<unsigned>(kept) + (static_cast<unsigned>(biased) << format.mantissa_bits);
  if (magnitude >= infinity && mode != Rounding::rn && !away) magnitude = infinity - 1;
  return static_cast<unsigned short>(sign | magnitude);
}

template <const Format16& format>
inline float decode(unsigned short bits) {
  if constexpr (format.mantissa_bits == 7) {
    return bit_cast<float>(static_cast<unsigned>(bits) << 16);
  } else {
    const unsigned sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    if (magnitude < 0x400) {  // zero or denormal
      const float value = static_cast<float>(magnitude) * 0x1p-24f;
      return sign != 0 ? -value : value;
    }
    const unsigned rebias = magnitude >= 0x7c00 ? 0x70000000u : 0x38000000u;
    return bit_cast<float>(sign | ((magnitude << 13) + rebias));
  }
}

// A number rounded to odd keeps on which side of all numbers with fewer bits the exact one is. So a
// second rounding is right. These return the exact number rounded to odd.
inline double odd(double nearest, double rest) {
  const unsigned long long bits = bit_cast<unsigned long long>(nearest);
  if (!(rest != 0) || rest != rest || (bits & 1) != 0) return nearest;
  return bit_cast<double>((rest > 0) == (nearest > 0) ? bits + 1 : bits - 1);
}
inline double odd_sum(double a, double b) {
  a = settled(a);
  const double sum = a + b, b_part = sum - a;
  return odd(sum, (a - (sum - b_part)) + (b - b_part));
}
template <class A>
inline double odd_double(A x) {
  const double nearest = static_cast<double>(x);
  if constexpr (sizeof(A) < 8 || std::is_floating_point_v<A>) return nearest;
  const long double rest = static_cast<long double>(x) - static_cast<long double>(nearest);
  return odd(nearest, rest > 0 ? 1 : rest < 0 ? -1 : 0);
}

}  // namespace tw_cpu

#define TW_CPU_PASTE(a, b, c) TW_CPU_PASTE_EXPANDED(a, b, c)
#define TW_CPU_PASTE_EXPANDED(a, b, c) a##b##c
