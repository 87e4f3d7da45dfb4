// The rule that decides whether a result is right. Both devices use it: verify.cuh on a GPU, the
// cpu device on the host. No other code decides this.
//
// The reference computes the expected result and the magnitude in fp64. The magnitude says by how
// much the result moves if every added term is off by one unit. `slack` = tolerance * magnitude
// bounds the error of fp32 arithmetic in any order. Storing rounds to nearest. So a result x is
// right if some number within slack of the expected one rounds to x:
//
//     rounded(expected - slack) <= x <= rounded(expected + slack)
//
// `rounded` also covers overflow to infinity and subnormal results of the storage type. The bounds
// are widened by one unit of the smallest subnormal number. NaN is right only where NaN is
// expected. An unwritten element is never right: it still holds the poison, a NaN that no
// arithmetic produces.
//
// Integers are right if they equal the expected value; the tolerance does not count. Every bit
// pattern is a value, so an integer that holds the poison is right if the poison is expected. The
// two sets of inputs have different poisons, so an unwritten integer is not right on both of them.
#pragma once

#ifdef __CUDACC__
#define TW_JUDGE __device__ __forceinline__
#else
#include <bit>
#include <cmath>
#define TW_JUDGE inline
#endif

namespace tw::verify {

// The values of tw::DType.
enum Storage { kF32, kF16, kBf16, kF64, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kU64 };
TW_JUDGE bool is_integer(int storage) { return storage >= kI8; }
// The expected value of these types is an integer of the type, in the bits of the double.
TW_JUDGE bool is_wide_integer(int storage) { return storage >= kI64; }
TW_JUDGE int size_of(int storage) {  // bytes
  return storage == kF64 || is_wide_integer(storage)             ? 8
         : storage == kF32 || storage == kI32 || storage == kU32 ? 4
         : storage == kI8 || storage == kU8                      ? 1
                                                                 : 2;
}

// The parameters of a comparison.
struct Rule {
  int storage;
  double tolerance;  // the error that is allowed for each unit of the magnitude
  // how many units roundoff the expected value itself may be off: 0 if it is exact, 1 if it is the
  // stored result of another configuration
  double expected_is_off;
  double absolute = 0, relative = 0;  // errors that are allowed besides; relative: to the expected
};

struct Judged {
  bool right;
  // The error in units roundoff of the expected value, or of fp32 at the magnitude if that is
  // larger; infinity if no error can be stated.
  double error_ulps;
  double used;  // if right: the fraction of the slack that it needs, 0 to 1
};

TW_JUDGE unsigned long long bits_of(double x) {
#ifdef __CUDACC__
  return static_cast<unsigned long long>(__double_as_longlong(x));
#else
  return std::bit_cast<unsigned long long>(x);
#endif
}
TW_JUDGE double double_from(unsigned long long bits) {
#ifdef __CUDACC__
  return __longlong_as_double(static_cast<long long>(bits));
#else
  return std::bit_cast<double>(bits);
#endif
}
TW_JUDGE double power_of_2(int exponent) {  // exponent from -1022 to 1023
  return double_from(static_cast<unsigned long long>(exponent + 1023) << 52);
}
TW_JUDGE double infinite() { return double_from(0x7ff0000000000000ull); }
TW_JUDGE bool is_finite(double x) { return x - x == 0; }

// Return the binary digits of the significand, the exponent of the smallest normal number, and the
// largest number.
TW_JUDGE int digits_of(int storage) {
  return storage == kF64 ? 53 : storage == kF32 ? 24 : storage == kF16 ? 11 : 8;
}
TW_JUDGE int least_exponent_of(int storage) {
  return storage == kF64 ? -1022 : storage == kF16 ? -14 : -126;
}
TW_JUDGE double largest_of(int storage) {
  if (storage == kF64) return double_from(0x7fefffffffffffffull);
  if (storage == kF16) return 65504;
  return (2 - power_of_2(1 - digits_of(storage))) * power_of_2(127);
}
TW_JUDGE double unit_roundoff_of(int storage) { return power_of_2(-digits_of(storage)); }
// Returns the unit of a tolerance: the unit roundoff of the arithmetic, which is fp32 for the
// 16-bit types too.
TW_JUDGE double sum_unit_of(int storage) { return power_of_2(storage == kF64 ? -53 : -24); }
// Returns 0 for f64, because fp64 arithmetic cannot halve its smallest subnormal number.
TW_JUDGE double smallest_subnormal_of(int storage) {
  if (storage == kF64) return 0;
  return power_of_2(least_exponent_of(storage) + 1 - digits_of(storage));
}

// Returns the distance from |x| to the next larger number of the type, for a finite x.
TW_JUDGE double quantum_of(double x, int storage) {
  const int exponent = static_cast<int>((bits_of(x) >> 52) & 0x7ff) - 1023;
  const int least = least_exponent_of(storage);
  const int at = exponent > least ? exponent : least;
  const int step = at + 1 - digits_of(storage);
  return step < -1022 ? double_from(1ull << (step + 1074)) : power_of_2(step);
}

// Returns x as the type stores it: rounded to nearest, ties to even; infinity beyond the largest
// number.
TW_JUDGE double rounded(double x, int storage) {
  if (storage == kF64 || !is_finite(x)) return x;
  const double quantum = quantum_of(x, storage);
  const double result = rint(x / quantum) * quantum;
  if (result > largest_of(storage)) return infinite();
  if (result < -largest_of(storage)) return -infinite();
  return result;
}

// Outputs are filled with the poison before a run. For floating-point types each 16-bit word of it
// is from 0xfff0 to 0xfff7. Read as any of these types it is a NaN, but not one that arithmetic
// produces (hardware produces 0x7fff..., 0xffff..., 0xffc00000 or 0xfff8000000000000).
constexpr unsigned short kPoison = 0xfff5;
// The words of the integers' poison on the two sets of inputs. They differ in every byte.
constexpr unsigned short kIntegerPoison = 0xa5c3, kSecondIntegerPoison = 0x5a3c;
// Returns the word with which an output is filled.
TW_JUDGE unsigned short poison_of(int storage, bool second) {
  return !is_integer(storage) ? kPoison : second ? kSecondIntegerPoison : kIntegerPoison;
}
// Returns whether a floating-point element is not written.
TW_JUDGE bool is_poison(unsigned long long bits, int storage) {
  const unsigned long long all = storage == kF64   ? 0xffffffffffffffffull
                                 : storage == kF32 ? 0xffffffffull
                                                   : 0xffffull;
  return (bits & all & 0xfff8fff8fff8fff8ull) == (all & 0xfff0fff0fff0fff0ull);
}
// Returns whether the element at a flat offset has the bits of the poison, for integers too.
TW_JUDGE bool equals_poison(unsigned long long bits, int storage, long long at,
                            unsigned short poison) {
  const unsigned long long words = 0x0001000100010001ull * poison;
  const int size = size_of(storage);
  if (!is_integer(storage)) return is_poison(bits, storage);
  if (size == 8) return bits == words;
  const int shift = size == 1 && (at & 1) != 0 ? 8 : 0;  // the second byte of a word
  return bits == (words >> shift & ((1ull << 8 * size) - 1));
}

// Returns the value of an integer of up to 32 bits.
TW_JUDGE double integer_from(unsigned long long bits, int storage) {
  switch (storage) {
    case kI8:
      return static_cast<signed char>(bits);
    case kI16:
      return static_cast<short>(bits);
    case kI32:
      return static_cast<int>(bits);
    default:
      return static_cast<double>(bits);
  }
}

// Returns one unit roundoff of a finite x. It does not shrink below the smallest normal number.
TW_JUDGE double unit_roundoff_at(double x, int storage) {
  const double normal = power_of_2(least_exponent_of(storage));
  return unit_roundoff_of(storage) * (fabs(x) > normal ? fabs(x) : normal);
}

// Returns the slack. A magnitude that is not finite gives no tolerance.
TW_JUDGE double slack_of(double expected, double magnitude, const Rule& rule) {
  return rule.tolerance * (is_finite(magnitude) ? magnitude : 0) +
         rule.expected_is_off * unit_roundoff_at(expected, rule.storage) + rule.absolute +
         rule.relative * fabs(expected);
}

// Returns the expected value of an element that the oracle did not write.
TW_JUDGE double unwritten() { return double_from(0x0001000100010001ull * kPoison); }

// Returns the error before the last rounding that the result x implies.
TW_JUDGE double excess_of(double x, double expected, int storage) {
  double gap = quantum_of(x, storage);
  const bool is_power =
      (bits_of(x) & 0xfffffffffffffull) == 0 && fabs(x) > power_of_2(least_exponent_of(storage));
  if (is_power && fabs(expected) < fabs(x)) gap /= 2;
  const double excess = fabs(x - expected) - gap / 2;
  return excess > 0 ? excess : 0;
}

// Returns the largest error that a result which rounds to nearest may have, for a note.
TW_JUDGE double allowed_error(double expected, double magnitude, const Rule& rule) {
  return slack_of(expected, magnitude, rule) + quantum_of(expected, rule.storage) / 2;
}

// Judges x, a stored value. The element has been written (see is_poison).
TW_JUDGE Judged judge(double x, double expected, double magnitude, const Rule& rule) {
  if (expected != expected) return {x != x, x != x ? 0 : infinite(), 0};
  if (!is_finite(expected)) return {x == expected, x == expected ? 0 : infinite(), 0};
  const double slack = slack_of(expected, magnitude, rule);
  const double tiny = smallest_subnormal_of(rule.storage);
  const bool right = x >= rounded(expected - slack, rule.storage) - tiny &&
                     x <= rounded(expected + slack, rule.storage) + tiny;
  if (!is_finite(x)) return {right, right ? 0 : infinite(), 0};
  const double of_sums = sum_unit_of(rule.storage) * (is_finite(magnitude) ? magnitude : 0);
  const double of_result = unit_roundoff_at(expected, rule.storage);
  const double error = fabs(x - expected) / (of_sums > of_result ? of_sums : of_result);
  const double excess = excess_of(x, expected, rule.storage);
  const double used = excess > 0 && slack > 0 ? excess / slack : 0;
  return {right, error, right && used < 1 ? used : right ? 1.0 : 0.0};
}

// Returns whether the expected value of an integer says that the oracle did not write it.
TW_JUDGE bool is_left_unwritten(double expected, int storage) {
  return is_wide_integer(storage) ? bits_of(expected) == bits_of(unwritten())
                                  : is_poison(bits_of(expected), kF64);
}

// Judges an integer by its bits. `is_untouched`: it holds what it held before the run, which is
// right where the oracle did not write either. The error is the difference.
TW_JUDGE Judged judge_integer(unsigned long long bits, double expected, int storage,
                              bool is_untouched) {
  const unsigned long long wanted = bits_of(expected);
  if (is_left_unwritten(expected, storage)) {
    // As a 64-bit value, the mark of an unwritten element may also be the expected value.
    const bool right = is_untouched || (is_wide_integer(storage) && bits == wanted);
    return {right, right ? 0 : infinite(), 0};
  }
  if (is_wide_integer(storage)) {
    const bool is_above = storage == kU64
                              ? bits > wanted
                              : static_cast<long long>(bits) > static_cast<long long>(wanted);
    const unsigned long long error = is_above ? bits - wanted : wanted - bits;
    return {error == 0, static_cast<double>(error), 0};
  }
  const double error = fabs(integer_from(bits, storage) - expected);
  return {error == 0, error == error ? error : infinite(), 0};
}

}  // namespace tw::verify
