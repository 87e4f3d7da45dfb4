// Bounds of the values of expressions while some of their names have no value yet.
#pragma once
#include <cstdint>

namespace tw {

// All integers from `least` to `most`. Empty if least > most: no operation gave a value.
struct Bounds {
  std::int64_t least = INT64_MIN;
  std::int64_t most = INT64_MAX;

  static constexpr Bounds only(std::int64_t value) { return {value, value}; }
  static constexpr Bounds none() { return {1, 0}; }
  static constexpr Bounds truth() { return {0, 1}; }  // 0 or 1

  constexpr bool is_empty() const { return least > most; }
  constexpr bool is_single() const { return least == most; }
  constexpr bool has(std::int64_t value) const { return least <= value && value <= most; }
  // Returns whether it has a value other than 0.
  constexpr bool may_hold() const { return !is_empty() && (least != 0 || most != 0); }
  bool operator==(const Bounds&) const = default;
};

// The functions of checked.h over intervals. The result has every value that the function has for
// operands of the intervals. It may have more values.
namespace interval {

Bounds neg(Bounds a);
Bounds bit_not(Bounds a);
Bounds logical_not(Bounds a);
Bounds truth(Bounds a);
Bounds abs(Bounds a);
Bounds is_pow2(Bounds a);
Bounds log2(Bounds a);

Bounds add(Bounds a, Bounds b);
Bounds sub(Bounds a, Bounds b);
Bounds mul(Bounds a, Bounds b);
Bounds div(Bounds a, Bounds b);
Bounds mod(Bounds a, Bounds b);
Bounds floor_div(Bounds a, Bounds b);
Bounds floor_mod(Bounds a, Bounds b);
Bounds shl(Bounds a, Bounds b);
Bounds shr(Bounds a, Bounds b);
Bounds lt(Bounds a, Bounds b);
Bounds le(Bounds a, Bounds b);
Bounds gt(Bounds a, Bounds b);
Bounds ge(Bounds a, Bounds b);
Bounds eq(Bounds a, Bounds b);
Bounds ne(Bounds a, Bounds b);
Bounds bit_and(Bounds a, Bounds b);
Bounds bit_xor(Bounds a, Bounds b);
Bounds bit_or(Bounds a, Bounds b);
Bounds ceil_div(Bounds a, Bounds b);
Bounds round_up(Bounds a, Bounds b);
Bounds min(Bounds a, Bounds b);
Bounds max(Bounds a, Bounds b);
Bounds gcd(Bounds a, Bounds b);
Bounds pow(Bounds a, Bounds b);

// Returns the least interval that has the values of both.
Bounds join(Bounds a, Bounds b);

}  // namespace interval
}  // namespace tw
