// Bounds of the values of expressions while some of their names have no value yet.
#pragma once
#include <cstdint>

namespace tw {

// All integers from `least` to `most`. Empty if least > most: no operation gave a value.
struct Interval {
  std::int64_t least = INT64_MIN;
  std::int64_t most = INT64_MAX;

  static constexpr Interval only(std::int64_t value) { return {value, value}; }
  static constexpr Interval none() { return {1, 0}; }
  static constexpr Interval truth() { return {0, 1}; }  // 0 or 1

  constexpr bool is_empty() const { return least > most; }
  constexpr bool is_single() const { return least == most; }
  constexpr bool has(std::int64_t value) const { return least <= value && value <= most; }
  // Returns whether it has a value other than 0.
  constexpr bool may_hold() const { return !is_empty() && (least != 0 || most != 0); }
  bool operator==(const Interval&) const = default;
};

// The functions of checked.h over intervals. The result has every value that the function has for
// operands of the intervals. It may have more values.
namespace interval {

Interval neg(Interval a);
Interval bit_not(Interval a);
Interval logical_not(Interval a);
Interval truth(Interval a);
Interval abs(Interval a);
Interval is_pow2(Interval a);
Interval log2(Interval a);

Interval add(Interval a, Interval b);
Interval sub(Interval a, Interval b);
Interval mul(Interval a, Interval b);
Interval div(Interval a, Interval b);
Interval mod(Interval a, Interval b);
Interval floor_div(Interval a, Interval b);
Interval floor_mod(Interval a, Interval b);
Interval shl(Interval a, Interval b);
Interval shr(Interval a, Interval b);
Interval lt(Interval a, Interval b);
Interval le(Interval a, Interval b);
Interval gt(Interval a, Interval b);
Interval ge(Interval a, Interval b);
Interval eq(Interval a, Interval b);
Interval ne(Interval a, Interval b);
Interval bit_and(Interval a, Interval b);
Interval bit_xor(Interval a, Interval b);
Interval bit_or(Interval a, Interval b);
Interval ceil_div(Interval a, Interval b);
Interval round_up(Interval a, Interval b);
Interval min(Interval a, Interval b);
Interval max(Interval a, Interval b);
Interval gcd(Interval a, Interval b);
Interval pow(Interval a, Interval b);

// Returns the least interval that has the values of both.
Interval join(Interval a, Interval b);

}  // namespace interval
}  // namespace tw
