// Computes with fractions.
#include "core/python/number.h"

#include <fmt/format.h>

#include <numeric>

namespace tw::python {
namespace {

// Returns the types of a result that is an int for ints and bools.
unsigned arithmetic_types(const Number& a, const Number& b) {
  const unsigned types = a.types | b.types;
  const bool both_may_be_whole = (a.types & (is_bool | is_int)) && (b.types & (is_bool | is_int));
  return (types & is_float) | (both_may_be_whole ? is_int : 0u);
}

}  // namespace

// Two numbers a / below and b / below.
struct Numbers::Pair {
  Term a, b, below;
};

Numbers::Pair Numbers::with_common_divisor(const Number& a, const Number& b) const {
  if (a.below.spelled() == b.below.spelled()) return {a.above, b.above, a.below};
  Term x = a.below, y = b.below;
  const Term below = terms().mul(x, y);
  if (x.is_constant && y.is_constant) {
    const std::int64_t divisor = std::gcd(x.range.least, y.range.least);
    x = Term::of(x.range.least / divisor);
    y = Term::of(y.range.least / divisor);
  }
  // Zero stays zero: where the other divisor has no value, `below` has none.
  const auto scaled = [&](const Term& above, const Term& factor) {
    return above.is(0) ? above : terms().mul(above, factor);
  };
  return {scaled(a.above, y), scaled(b.above, x),
          x.is_constant && y.is_constant ? terms().mul(a.below, y) : below};
}

// Returns the fraction in lowest terms if it is a constant.
Number Numbers::reduced(Term above, Term below, unsigned types) const {
  if (!above.is_constant || !below.is_constant) return {std::move(above), std::move(below), types};
  if (below.is(0)) place.fail("this divides by zero");
  const auto divisor = terms().gcd(above, below).range.least;
  return {Term::of(above.range.least / divisor), Term::of(below.range.least / divisor), types};
}

Number Numbers::add(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return reduced(terms().add(pair.a, pair.b), pair.below, arithmetic_types(a, b));
}

Number Numbers::sub(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return reduced(terms().sub(pair.a, pair.b), pair.below, arithmetic_types(a, b));
}

Number Numbers::mul(const Number& a, const Number& b) const {
  return reduced(terms().mul(a.above, b.above), terms().mul(a.below, b.below),
                 arithmetic_types(a, b));
}

// Returns below / above, with a positive divisor.
Number Numbers::inverse(const Number& a) const {
  if (a.above.is(0)) place.fail("this divides by zero");
  const Term below = terms().checked(a.below, a.below);
  const Bounds range = a.above.range;
  if (range.least >= 0) return {below, a.above, is_float};
  if (range.most <= 0) return {terms().negated(below), terms().negated(a.above), is_float};
  const Term is_negative = terms().compared(a.above, "<", Term::of(0));
  return {terms().selected(is_negative, terms().negated(below), below), terms().abs(a.above),
          is_float};
}

Number Numbers::quotient(const Number& a, const Number& b) const {
  Number result = mul(a, inverse(b));
  result.types = is_float;
  return result;
}

Number Numbers::floor_div(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return Number::of(terms().floor_div(terms().checked(pair.a, pair.below), pair.b),
                    arithmetic_types(a, b));
}

Number Numbers::floor_mod(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return reduced(terms().floor_mod(pair.a, pair.b), pair.below, arithmetic_types(a, b));
}

Number Numbers::power(const Number& base, const Term& exponent) const {
  return {terms().power(base.above, exponent), terms().power(base.below, exponent), base.types};
}

Number Numbers::power(const Number& base, const Number& exponent) const {
  if (!exponent.is_whole()) {
    place.fail("**: the exponent is no whole number: compare the power that makes it one");
  }
  const Term& n = exponent.above;
  const unsigned types = arithmetic_types(base, exponent);
  if (n.range.least >= 0) {
    Number result = power(base, n);
    if (n.range.has(0)) result.above = terms().checked(result.above, base.below);
    return reduced(result.above, result.below, types);
  }
  Number small = power(inverse(base), terms().abs(n));
  small = reduced(small.above, small.below, is_float);
  if (n.range.most < 0) return small;
  Number large = power(base, terms().abs(n));
  large.types = types;
  return selected(terms().compared(n, "<", Term::of(0)), small, large);
}

Number Numbers::negated(const Number& a) const {
  return {terms().negated(a.above), a.below, arithmetic_types(a, a)};
}

Number Numbers::abs(const Number& a) const {
  return {terms().abs(a.above), a.below, arithmetic_types(a, a)};
}

Number Numbers::min(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return reduced(terms().min(pair.a, pair.b), pair.below, a.types | b.types);
}

Number Numbers::max(const Number& a, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return reduced(terms().max(pair.a, pair.b), pair.below, a.types | b.types);
}

Number Numbers::selected(const Term& condition, const Number& yes, const Number& no) const {
  if (condition.is_constant) return condition.is_true() ? yes : no;
  const bool same = yes.below.spelled() == no.below.spelled();
  return {terms().selected(condition, yes.above, no.above),
          same ? yes.below : terms().selected(condition, yes.below, no.below),
          yes.types | no.types};
}

Term Numbers::compared(const Number& a, const std::string& op, const Number& b) const {
  const Pair pair = with_common_divisor(a, b);
  return terms().compared(terms().checked(pair.a, pair.below), op, pair.b);
}

Term Numbers::holds(const Number& a) const {
  return terms().holds(terms().checked(a.above, a.below));
}

Term Numbers::floor(const Number& a) const { return terms().floor_div(a.above, a.below); }

Term Numbers::ceil(const Number& a) const {
  if (a.is_whole()) return a.above;
  return terms().ceil_div(a.above, a.below);
}

Term Numbers::truncated(const Number& a) const { return terms().truncated(a.above, a.below); }

Term Numbers::rounded(const Number& a) const {
  if (a.is_whole()) return a.above;
  const Term two = Term::of(2), twice = terms().mul(a.below, two);
  const Term half_up = terms().add(terms().mul(a.above, two), a.below);
  const Term rest = terms().floor_mod(half_up, terms().mul(twice, two));
  const Term is_odd_half = terms().compared(rest, "==", twice);
  return terms().sub(terms().floor_div(half_up, twice), is_odd_half);
}

Term Numbers::whole(const Number& a, const std::string& op) const {
  if ((a.types & is_float) || !a.is_whole()) {
    place.fail(fmt::format("{}: this is for whole numbers: write int(...) around the operand", op));
  }
  return a.above;
}

}  // namespace tw::python
