// Bounds arithmetic. Values beyond 64 bits do not exist (checked.h), so results are cut there.
#include "core/expr/bounds.h"

#include <algorithm>
#include <iterator>

#include "core/base/checked.h"

namespace tw::interval {
namespace {

__extension__ using Wide = __int128;

Bounds cut(Wide least, Wide most) {
  if (least > INT64_MAX || most < INT64_MIN) return Bounds::none();
  return {static_cast<std::int64_t>(std::max<Wide>(least, INT64_MIN)),
          static_cast<std::int64_t>(std::min<Wide>(most, INT64_MAX))};
}

Bounds common(Bounds a, Bounds b) { return {std::max(a.least, b.least), std::min(a.most, b.most)}; }

// For functions that are monotone in each operand: their extremes are at the ends.
template <class Function>
Bounds at_ends(Bounds a, Bounds b, Function function) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  const Wide values[] = {function(a.least, b.least), function(a.least, b.most),
                         function(a.most, b.least), function(a.most, b.most)};
  const auto [least, most] = std::minmax_element(std::begin(values), std::end(values));
  return cut(*least, *most);
}

constexpr Bounds below_zero{INT64_MIN, -1}, above_zero{1, INT64_MAX};

Wide floor_of(Wide a, Wide b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

// Quotients are monotone where the divisor does not change its sign.
template <class Function>
Bounds quotient(Bounds a, Bounds b, Function function) {
  return join(at_ends(a, common(b, below_zero), function),
              at_ends(a, common(b, above_zero), function));
}

Wide magnitude(Bounds a) {
  return std::max<Wide>(-static_cast<Wide>(a.least), static_cast<Wide>(a.most));
}

// Returns the result of a function of checked.h for operands that have one value each.
template <class Function>
Bounds exact(Bounds a, Bounds b, Function function) {
  const checked::Value value = function(a.least, b.least);
  return value.ok ? Bounds::only(value.v) : Bounds::none();
}

// Returns 2^k - 1, the least such number that is at least `a`; needs a >= 0.
std::int64_t ones_of(std::int64_t a) {
  return a == 0 ? 0 : INT64_MAX >> (__builtin_clzll(static_cast<unsigned long long>(a)) - 1);
}

Bounds either(bool is_true, bool is_false) {
  return is_true ? Bounds::only(1) : is_false ? Bounds::only(0) : Bounds::truth();
}

}  // namespace

Bounds join(Bounds a, Bounds b) {
  if (a.is_empty()) return b;
  if (b.is_empty()) return a;
  return {std::min(a.least, b.least), std::max(a.most, b.most)};
}

Bounds neg(Bounds a) { return sub(Bounds::only(0), a); }
Bounds bit_not(Bounds a) { return a.is_empty() ? a : Bounds{~a.most, ~a.least}; }

Bounds truth(Bounds a) {
  if (a.is_empty()) return a;
  return either(!a.has(0), a.is_single());
}

Bounds logical_not(Bounds a) {
  if (a.is_empty()) return a;
  return either(a.is_single() && a.has(0), !a.has(0));
}

Bounds abs(Bounds a) {
  if (a.is_empty() || a.least >= 0) return a;
  return cut(a.most < 0 ? -static_cast<Wide>(a.most) : 0, magnitude(a));
}

Bounds is_pow2(Bounds a) {
  if (a.is_empty()) return a;
  return a.is_single() ? Bounds::only(checked::is_pow2(a.least).v) : either(false, a.most < 1);
}

Bounds log2(Bounds a) {
  const Bounds positive = common(a, above_zero);
  if (positive.is_empty()) return positive;
  return {checked::log2(positive.least).v, checked::log2(positive.most).v};
}

Bounds add(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return cut(static_cast<Wide>(a.least) + b.least, static_cast<Wide>(a.most) + b.most);
}

Bounds sub(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return cut(static_cast<Wide>(a.least) - b.most, static_cast<Wide>(a.most) - b.least);
}

Bounds mul(Bounds a, Bounds b) {
  return at_ends(a, b, [](Wide x, Wide y) { return x * y; });
}

Bounds div(Bounds a, Bounds b) {
  return quotient(a, b, [](Wide x, Wide y) { return x / y; });
}

Bounds floor_div(Bounds a, Bounds b) { return quotient(a, b, floor_of); }

Bounds mod(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty() || b == Bounds::only(0)) return Bounds::none();
  if (b.is_single()) {
    if (a.is_single()) return exact(a, b, checked::mod);
    const Wide x = a.least, y = a.most, z = b.least;
    if (x / z == y / z) return z == -1 ? Bounds::only(0) : cut(x % z, y % z);
  }
  const Wide most = magnitude(b) - 1;
  return cut(a.least < 0 ? std::max<Wide>(a.least, -most) : 0,
             a.most > 0 ? std::min<Wide>(a.most, most) : 0);
}

Bounds floor_mod(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty() || b == Bounds::only(0)) return Bounds::none();
  if (b.is_single()) {
    if (a.is_single()) return exact(a, b, checked::floor_mod);
    const Wide x = a.least, y = a.most, z = b.least, quotient = floor_of(x, z);
    if (quotient == floor_of(y, z)) return cut(x - quotient * z, y - quotient * z);
  }
  Bounds rest = Bounds::none();
  if (b.most > 0) {
    rest = cut(0, std::min<Wide>(static_cast<Wide>(b.most) - 1, a.least >= 0 ? a.most : INT64_MAX));
  }
  if (b.least < 0) {
    const Wide least =
        std::max<Wide>(static_cast<Wide>(b.least) + 1, a.most <= 0 ? a.least : INT64_MIN);
    rest = join(rest, cut(least, 0));
  }
  return rest;
}

Bounds shl(Bounds a, Bounds b) {
  return at_ends(a, common(b, {0, 62}), [](Wide x, Wide y) { return x * (Wide{1} << y); });
}

Bounds shr(Bounds a, Bounds b) {
  return at_ends(a, common(b, {0, 62}), [](Wide x, Wide y) { return x >> y; });
}

Bounds lt(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return either(a.most < b.least, a.least >= b.most);
}
Bounds le(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return either(a.most <= b.least, a.least > b.most);
}
Bounds gt(Bounds a, Bounds b) { return lt(b, a); }
Bounds ge(Bounds a, Bounds b) { return le(b, a); }
Bounds eq(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return either(a.is_single() && a == b, common(a, b).is_empty());
}
Bounds ne(Bounds a, Bounds b) { return logical_not(eq(a, b)); }

Bounds bit_and(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return Bounds::only(a.least & b.least);
  if (a.least < 0 && b.least < 0) return {};
  return {0, std::min(a.least < 0 ? INT64_MAX : a.most, b.least < 0 ? INT64_MAX : b.most)};
}

Bounds bit_or(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return Bounds::only(a.least | b.least);
  if (a.least < 0 || b.least < 0) return {};
  return {std::max(a.least, b.least), ones_of(std::max(a.most, b.most))};
}

Bounds bit_xor(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return Bounds::only(a.least ^ b.least);
  if (a.least < 0 || b.least < 0) return {};
  return {0, ones_of(std::max(a.most, b.most))};
}

Bounds ceil_div(Bounds a, Bounds b) {
  return at_ends(common(a, {0, INT64_MAX}), common(b, above_zero),
                 [](Wide x, Wide y) { return x / y + (x % y != 0); });
}

Bounds round_up(Bounds a, Bounds b) {
  a = common(a, {0, INT64_MAX});
  b = common(b, above_zero);
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return exact(a, b, checked::round_up);
  return cut(a.least, static_cast<Wide>(a.most) + b.most - 1);
}

Bounds min(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return {std::min(a.least, b.least), std::min(a.most, b.most)};
}

Bounds max(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  return {std::max(a.least, b.least), std::max(a.most, b.most)};
}

Bounds gcd(Bounds a, Bounds b) {
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return exact(a, b, checked::gcd);
  return cut(a.has(0) && b.has(0) ? 0 : 1, std::max(magnitude(a), magnitude(b)));
}

Bounds pow(Bounds a, Bounds b) {
  b = common(b, {0, INT64_MAX});
  if (a.is_empty() || b.is_empty()) return Bounds::none();
  if (a.is_single() && b.is_single()) return exact(a, b, checked::pow);
  const auto power = [](Wide base, std::int64_t exponent) {
    const checked::Value value = base > INT64_MAX
                                     ? checked::Value()
                                     : checked::pow(static_cast<std::int64_t>(base), exponent);
    return value.ok ? value.v : INT64_MAX;
  };
  const std::int64_t most = std::max<std::int64_t>(power(magnitude(a), b.most), 1);
  if (a.least >= 1) return {power(a.least, b.least), most};
  return {a.least < 0 ? -most - 1 : 0, most};
}

}  // namespace tw::interval
