// Writes whole numbers as expressions of our language.
#include "core/python/term.h"

#include <fmt/format.h>

#include <algorithm>

namespace tw::python {
namespace {

// Precedences of C.
constexpr int p_conditional = 0, p_or = 1, p_and = 2, p_equality = 6, p_relation = 7, p_shift = 8,
              p_sum = 9, p_product = 10, p_unary = 11, p_atom = 12;

std::string in_parentheses(const Term& term, int least) {
  std::string text = term.spelled();
  const int precedence = !term.is_constant      ? term.precedence
                         : term.range.least < 0 ? p_unary
                                                : p_atom;
  return precedence >= least ? text : fmt::format("({})", text);
}

}  // namespace

Term Term::of(std::int64_t value) {
  Term term;
  term.range = Bounds::only(value);
  term.is_power = interval::is_pow2(term.range) == Bounds::only(1);
  return term;
}

Term Term::whole(std::string text, Bounds range) {
  Term term;
  term.text = std::make_shared<const std::string>(std::move(text));
  term.precedence = p_atom;
  term.range = range;
  term.is_constant = false;
  return term;
}

std::string Term::spelled() const {
  if (!is_constant) return *text;
  if (range.least == INT64_MIN) return "(-9223372036854775807 - 1)";
  return std::to_string(range.least);
}

// A binary operator: its name in our language and its precedence.
struct Terms::Operation {
  const char* symbol;
  int precedence;
  Bounds range;
};

Term Terms::made(std::string text, int precedence, Bounds range) const {
  place.make(text.size());
  Term term = Term::whole(std::move(text), range);
  term.precedence = precedence;
  return term;
}

Term Terms::constant(Bounds range) const {
  if (range.is_empty()) place.fail("a number is too large: numbers have 64 bits here");
  return Term::of(range.least);
}

Term Terms::apply(const Operation& operation, const Term& a, const Term& b) const {
  if (a.is_constant && b.is_constant) return constant(operation.range);
  // Comparisons and operators of bits are mixed with nothing, as C's precedences mislead there.
  const bool is_chain = !a.is_constant && a.precedence == operation.precedence;
  const bool misleads = operation.precedence > p_and && operation.precedence < p_shift;
  const int least = misleads ? p_shift : operation.precedence;
  const bool is_relation = operation.precedence >= p_equality && misleads;
  return made(fmt::format("{} {} {}", in_parentheses(a, is_chain && !is_relation ? 0 : least),
                          operation.symbol, in_parentheses(b, misleads ? least : least + 1)),
              operation.precedence, operation.range);
}

Term Terms::call(const char* name, const Term& a, Bounds range) const {
  if (a.is_constant) return constant(range);
  return made(fmt::format("{}({})", name, a.spelled()), p_atom, range);
}

Term Terms::call(const char* name, const Term& a, const Term& b, Bounds range) const {
  if (a.is_constant && b.is_constant) return constant(range);
  return made(fmt::format("{}({}, {})", name, a.spelled(), b.spelled()), p_atom, range);
}

Term Terms::add(const Term& a, const Term& b) const {
  if (a.is(0)) return b;
  if (b.is(0)) return a;
  return apply({"+", p_sum, interval::add(a.range, b.range)}, a, b);
}

Term Terms::sub(const Term& a, const Term& b) const {
  if (b.is(0)) return a;
  return apply({"-", p_sum, interval::sub(a.range, b.range)}, a, b);
}

Term Terms::mul(const Term& a, const Term& b) const {
  if (a.is(1)) return b;
  if (b.is(1)) return a;
  Term product = apply({"*", p_product, interval::mul(a.range, b.range)}, a, b);
  product.is_power = a.is_power && b.is_power;
  return product;
}

Term Terms::negated(const Term& a) const {
  const Bounds range = interval::neg(a.range);
  if (a.is_constant) return constant(range);
  return made("-" + in_parentheses(a, p_unary), p_unary, range);
}

Term Terms::abs(const Term& a) const {
  if (!a.is_below_zero()) return a;
  return call("abs", a, interval::abs(a.range));
}

Term Terms::floor_div(const Term& a, const Term& b) const {
  if (b.is(0)) place.fail("this divides by zero");
  if (b.is(1)) return a;
  const Bounds range = interval::floor_div(a.range, b.range);
  const bool is_plain = !a.is_below_zero() && !b.is_below_zero();
  return is_plain ? apply({"/", p_product, range}, a, b) : call("floor_div", a, b, range);
}

Term Terms::floor_mod(const Term& a, const Term& b) const {
  if (b.is(0)) place.fail("this divides by zero");
  const Bounds range = interval::floor_mod(a.range, b.range);
  const bool is_plain = !a.is_below_zero() && !b.is_below_zero();
  return is_plain ? apply({"%", p_product, range}, a, b) : call("floor_mod", a, b, range);
}

Term Terms::ceil_div(const Term& a, const Term& b) const {
  if (a.is_below_zero()) return negated(floor_div(negated(a), b));
  if (b.is(0)) place.fail("this divides by zero");
  return call("ceil_div", a, b, interval::ceil_div(a.range, b.range));
}

Term Terms::truncated(const Term& a, const Term& b) const {
  if (b.is(0)) place.fail("this divides by zero");
  if (b.is(1)) return a;
  return apply({"/", p_product, interval::div(a.range, b.range)}, a, b);
}

Term Terms::min(const Term& a, const Term& b) const {
  Term least = call("min", a, b, interval::min(a.range, b.range));
  least.is_power = a.is_power && b.is_power;
  return least;
}

Term Terms::max(const Term& a, const Term& b) const {
  Term most = call("max", a, b, interval::max(a.range, b.range));
  most.is_power = a.is_power && b.is_power;
  return most;
}

Term Terms::gcd(const Term& a, const Term& b) const {
  return call("gcd", a, b, interval::gcd(a.range, b.range));
}

Term Terms::power(const Term& a, const Term& b) const {
  if (b.is(1) || a.is(1)) return a;
  if (a.is(2) && !b.is_constant) return shifted_left(Term::of(1), b);
  Term power = call("pow", a, b, interval::pow(a.range, b.range));
  power.is_power = a.is_power;
  return power;
}

Term Terms::log2(const Term& a) const { return call("log2", a, interval::log2(a.range)); }

Term Terms::is_pow2(const Term& a) const {
  if (a.is_power) return Term::truth(true);
  return call("is_pow2", a, interval::is_pow2(a.range));
}

Term Terms::shifted_left(const Term& a, const Term& b) const {
  if (a.is_constant && b.is_constant && b.is_below_zero()) {
    place.fail("this shifts by a negative number");
  }
  Term shifted = apply({"<<", p_shift, interval::shl(a.range, b.range)}, a, b);
  shifted.is_power = a.is_power;
  return shifted;
}

Term Terms::shifted_right(const Term& a, const Term& b) const {
  const Term most = Term::of(62);  // that our language shifts by
  if (b.range.most > 62) {
    const Term once = shifted_right(a, min(b, most));
    return shifted_right(once, max(min(sub(b, most), Term::of(1)), Term::of(0)));
  }
  if (a.is_constant && b.is_constant && b.is_below_zero()) {
    place.fail("this shifts by a negative number");
  }
  return apply({">>", p_shift, interval::shr(a.range, b.range)}, a, b);
}

Term Terms::bits(const std::string& op, const Term& a, const Term& b) const {
  if (op == "&") return apply({"&", 5, interval::bit_and(a.range, b.range)}, a, b);
  if (op == "^") return apply({"^", 4, interval::bit_xor(a.range, b.range)}, a, b);
  return apply({"|", 3, interval::bit_or(a.range, b.range)}, a, b);
}

Term Terms::inverted(const Term& a) const {
  const Bounds range = interval::bit_not(a.range);
  if (a.is_constant) return constant(range);
  return made("~" + in_parentheses(a, p_unary), p_unary, range);
}

Term Terms::compared(const Term& a, const std::string& op, const Term& b) const {
  const auto compare = [&](int precedence, Bounds range) {
    return apply({op.c_str(), precedence, range}, a, b);
  };
  if (op == "==") return compare(p_equality, interval::eq(a.range, b.range));
  if (op == "!=") return compare(p_equality, interval::ne(a.range, b.range));
  if (op == "<") return compare(p_relation, interval::lt(a.range, b.range));
  if (op == "<=") return compare(p_relation, interval::le(a.range, b.range));
  if (op == ">") return compare(p_relation, interval::gt(a.range, b.range));
  return compare(p_relation, interval::ge(a.range, b.range));
}

Term Terms::both(const Term& a, const Term& b) const {
  if (a.is_constant) return a.is_true() ? holds(b) : Term::truth(false);
  if (b.is_true()) return holds(a);
  return apply({"&&", p_and, Bounds::truth()}, a, b);
}

Term Terms::either(const Term& a, const Term& b) const {
  if (a.is_constant) return a.is_true() ? Term::truth(true) : holds(b);
  if (b.is(0)) return holds(a);
  return apply({"||", p_or, Bounds::truth()}, a, b);
}

Term Terms::opposite(const Term& a) const {
  if (a.is_constant) return Term::truth(!a.is_true());
  return made("!" + in_parentheses(a, p_unary), p_unary, interval::logical_not(a.range));
}

Term Terms::selected(const Term& condition, const Term& yes, const Term& no) const {
  if (condition.is_constant) return condition.is_true() ? yes : no;
  Term selected = made(fmt::format("{} ? {} : {}", in_parentheses(condition, p_or),
                                   in_parentheses(yes, p_or), no.spelled()),
                       p_conditional, interval::join(yes.range, no.range));
  selected.is_power = yes.is_power && no.is_power;
  return selected;
}

Term Terms::checked(const Term& a, const Term& b) const {
  if (b.is(0)) place.fail("this divides by zero");
  if (!b.range.has(0)) return a;
  const std::string divisor = in_parentheses(b, p_product + 1);
  const std::string one = fmt::format("{} / {}", in_parentheses(b, p_product), divisor);
  if (a.is(1)) return made(one, p_product, Bounds::only(1));
  Term product =
      made(fmt::format("{} * ({})", in_parentheses(a, p_product), one), p_product, a.range);
  product.is_power = a.is_power;
  return product;
}

Term Terms::holds(const Term& a) const {
  if (!a.is_constant && a.range.least >= 0 && a.range.most <= 1) return a;
  return compared(a, "!=", Term::of(0));
}

}  // namespace tw::python
