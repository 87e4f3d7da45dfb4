// The arithmetic of the search-space language: total functions over 64-bit integers and "no value".
// Expr::evaluate calls these functions, and `tune emit` copies this file into the headers that it
// writes. So an emitted header decides exactly as the search did. For this reason the file is
// C++17, includes only <cstdint>, and uses no overflow builtins: nvcc 13.0 does not accept them in
// constant expressions.
#pragma once
#include <cstdint>

namespace tw::checked {

// A 64-bit integer, or no value. If an operand has no value, the result has none either, unless &&
// || or ?: does not need that operand.
struct Value {
  std::int64_t v = 0;
  bool ok = false;
  constexpr Value() = default;
  constexpr Value(std::int64_t value) : v(value), ok(true) {}  // NOLINT: implicit on purpose
};

// Returns whether `a`, as a constraint, holds: it has a value, and the value is not zero.
constexpr bool holds(Value a) { return a.ok && a.v != 0; }

constexpr Value neg(Value a) { return a.ok && a.v != INT64_MIN ? Value(-a.v) : Value(); }
constexpr Value bit_not(Value a) { return a.ok ? Value(~a.v) : Value(); }
constexpr Value logical_not(Value a) { return a.ok ? Value(a.v == 0) : Value(); }
constexpr Value truth(Value a) { return a.ok ? Value(a.v != 0) : Value(); }  // 0 or 1

constexpr Value add(Value a, Value b) {
  const auto r =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(a.v) + static_cast<std::uint64_t>(b.v));
  return a.ok && b.ok && ((a.v ^ r) & (b.v ^ r)) >= 0 ? Value(r) : Value();
}
constexpr Value sub(Value a, Value b) {
  const auto r =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(a.v) - static_cast<std::uint64_t>(b.v));
  return a.ok && b.ok && ((a.v ^ b.v) & (a.v ^ r)) >= 0 ? Value(r) : Value();
}
constexpr Value mul(Value a, Value b) {
  __extension__ using Wide = __int128;
  const Wide wide = static_cast<Wide>(a.v) * b.v;
  const auto r = static_cast<std::int64_t>(wide);
  return a.ok && b.ok && wide == r ? Value(r) : Value();
}
// Returns whether a / b and a % b are defined in C: b is not 0 and the quotient fits.
constexpr bool divides(Value a, Value b) {
  return a.ok && b.ok && b.v != 0 && !(b.v == -1 && a.v == INT64_MIN);
}
constexpr Value div(Value a, Value b) { return divides(a, b) ? Value(a.v / b.v) : Value(); }
constexpr Value mod(Value a, Value b) { return divides(a, b) ? Value(a.v % b.v) : Value(); }

// a * 2^b and the floor of a / 2^b, for b in 0..62. Any other b gives no value.
constexpr Value shl(Value a, Value b) {
  if (!b.ok || b.v < 0 || b.v > 62) return Value();
  return mul(a, Value(std::int64_t{1} << b.v));
}
constexpr Value shr(Value a, Value b) {
  return a.ok && b.ok && b.v >= 0 && b.v <= 62 ? Value(a.v >> b.v) : Value();
}

constexpr Value lt(Value a, Value b) { return a.ok && b.ok ? Value(a.v < b.v) : Value(); }
constexpr Value le(Value a, Value b) { return a.ok && b.ok ? Value(a.v <= b.v) : Value(); }
constexpr Value gt(Value a, Value b) { return a.ok && b.ok ? Value(a.v > b.v) : Value(); }
constexpr Value ge(Value a, Value b) { return a.ok && b.ok ? Value(a.v >= b.v) : Value(); }
constexpr Value eq(Value a, Value b) { return a.ok && b.ok ? Value(a.v == b.v) : Value(); }
constexpr Value ne(Value a, Value b) { return a.ok && b.ok ? Value(a.v != b.v) : Value(); }

constexpr Value bit_and(Value a, Value b) { return a.ok && b.ok ? Value(a.v & b.v) : Value(); }
constexpr Value bit_xor(Value a, Value b) { return a.ok && b.ok ? Value(a.v ^ b.v) : Value(); }
constexpr Value bit_or(Value a, Value b) { return a.ok && b.ok ? Value(a.v | b.v) : Value(); }

// && || ?: need only some of their operands. Every operand is total and has no side effects, so
// evaluating all of them and choosing gives the same result as C's short circuit.
constexpr Value logical_and(Value a, Value b) { return !a.ok || a.v == 0 ? a : truth(b); }
constexpr Value logical_or(Value a, Value b) { return !a.ok ? a : a.v != 0 ? Value(1) : truth(b); }
constexpr Value select(Value condition, Value yes, Value no) {
  return !condition.ok ? Value() : condition.v != 0 ? yes : no;
}

// The quotient rounded up, for a >= 0 and b > 0. Other operands give no value.
constexpr Value ceil_div(Value a, Value b) {
  if (!a.ok || !b.ok || a.v < 0 || b.v <= 0) return Value();
  return Value(a.v / b.v + (a.v % b.v != 0));
}
constexpr Value round_up(Value a, Value b) { return mul(ceil_div(a, b), b); }
constexpr Value min(Value a, Value b) { return a.ok && b.ok ? (a.v < b.v ? a : b) : Value(); }
constexpr Value max(Value a, Value b) { return a.ok && b.ok ? (a.v > b.v ? a : b) : Value(); }
constexpr Value abs(Value a) { return a.ok && a.v < 0 ? neg(a) : a; }
constexpr Value is_pow2(Value a) {
  return a.ok ? Value(a.v > 0 && (a.v & (a.v - 1)) == 0) : Value();
}
constexpr Value log2(Value a) {
  return a.ok && a.v > 0 ? Value(63 - __builtin_clzll(static_cast<unsigned long long>(a.v)))
                         : Value();
}

}  // namespace tw::checked
