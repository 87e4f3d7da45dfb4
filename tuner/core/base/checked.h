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

// The quotient rounded towards minus infinity, and its rest, which has the sign of b.
constexpr Value floor_div(Value a, Value b) {
  if (!divides(a, b)) return Value();
  return Value(a.v / b.v - (a.v % b.v != 0 && (a.v < 0) != (b.v < 0)));
}
constexpr Value floor_mod(Value a, Value b) {
  if (!divides(a, b)) return Value();
  const std::int64_t rest = a.v % b.v;
  return Value(rest != 0 && (rest < 0) != (b.v < 0) ? rest + b.v : rest);
}

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
// The greatest common divisor, which is not negative; gcd(0, 0) is 0.
constexpr Value gcd(Value a, Value b) {
  if (!a.ok || !b.ok) return Value();
  auto x = static_cast<std::uint64_t>(a.v), y = static_cast<std::uint64_t>(b.v);
  if (a.v < 0) x = 0 - x;
  if (b.v < 0) y = 0 - y;
  while (y != 0) {
    const std::uint64_t rest = x % y;
    x = y;
    y = rest;
  }
  return x <= INT64_MAX ? Value(static_cast<std::int64_t>(x)) : Value();
}
// a to the power of b, for b >= 0; pow(0, 0) is 1.
constexpr Value pow(Value a, Value b) {
  if (!a.ok || !b.ok || b.v < 0) return Value();
  Value product(1);
  for (std::int64_t exponent = b.v; exponent != 0;) {
    if (exponent % 2 != 0) product = mul(product, a);
    exponent /= 2;
    if (exponent != 0) a = mul(a, a);
  }
  return product;
}
constexpr Value is_pow2(Value a) {
  return a.ok ? Value(a.v > 0 && (a.v & (a.v - 1)) == 0) : Value();
}
constexpr Value log2(Value a) {
  return a.ok && a.v > 0 ? Value(63 - __builtin_clzll(static_cast<unsigned long long>(a.v)))
                         : Value();
}

}  // namespace tw::checked
