// Translates Python's conditions into our language, in which numbers are integers and division
// truncates.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/expr/python_expr.h"

namespace tw {
namespace {

using Kind = PythonNode::Kind;

// A number as a fraction of two expressions of our language. Zero in a denominator has no value.
struct Fraction {
  std::string above, below;  // `below` is positive; empty means 1
  bool is_negative = false;  // it may be less than zero
};

std::string product(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return fmt::format("({} * {})", a, b);
}

// Comparisons, fractions and powers repeat their operands, so a short text can become an endless
// one. The bound is the same as for our own expressions.
void check_length(const std::string& text) {
  constexpr std::size_t most = 16 * 1024;
  if (text.size() > most) throw Error("this is too long as an expression of ours: split it");
}

class Translator {
 public:
  Translator(const Names& names, const std::set<std::string>& below_zero)
      : names_(names), below_zero_(below_zero) {}

  std::string truth(const PythonNode& node) {
    std::string text = unbounded_truth(node);
    check_length(text);
    return text;
  }

  std::string whole(const PythonNode& node) {
    const Fraction value = number(node);
    return value.below.empty() ? value.above : fmt::format("({} / {})", value.above, value.below);
  }

 private:
  std::string unbounded_truth(const PythonNode& node) {
    if (node.kind == Kind::binary && (node.word == "and" || node.word == "or")) {
      return fmt::format("({} {} {})", truth(node.children[0]), node.word == "and" ? "&&" : "||",
                         truth(node.children[1]));
    }
    if (node.kind == Kind::unary && node.word == "not") {
      return fmt::format("!({})", truth(node.children[0]));
    }
    if (node.kind == Kind::compare) return chain(node);
    const Fraction value = number(node);
    return fmt::format("({} != 0)", checked(value));
  }

  // Returns the numerator, which has no value where the denominator is zero.
  static std::string checked(const Fraction& value) {
    if (value.below.empty()) return value.above;
    return fmt::format("({} * ({} / {}))", value.above, value.below, value.below);
  }

  std::string chain(const PythonNode& node) {
    std::string text;
    for (std::size_t i = 0; i < node.comparisons.size(); ++i) {
      const std::string one =
          comparison(node.children[i], node.comparisons[i], node.children[i + 1]);
      text = text.empty() ? one : fmt::format("({} && {})", text, one);
      check_length(text);
    }
    return text;
  }

  std::string comparison(const PythonNode& left, const std::string& op, const PythonNode& right) {
    if (op == "in" || op == "not in") {
      std::string any;
      for (const PythonNode& item : python_items(right)) {
        any += (any.empty() ? "" : " || ") + comparison(left, "==", item);
        check_length(any);
      }
      if (any.empty()) any = "false";
      return fmt::format("{}({})", op == "in" ? "" : "!", any);
    }
    if (left.kind == Kind::text || right.kind == Kind::text) return word(left, op, right);
    const Fraction a = number(left), b = number(right);
    return fmt::format("({} {} {})", product(checked(a), b.below), op,
                       product(checked(b), a.below));
  }

  std::string word(const PythonNode& left, const std::string& op, const PythonNode& right) {
    const PythonNode& name = left.kind == Kind::name ? left : right;
    const PythonNode& text = left.kind == Kind::name ? right : left;
    if (name.kind != Kind::name || text.kind != Kind::text || (op != "==" && op != "!=")) {
      throw Error("a text can only be compared with a parameter, by == or !=");
    }
    return fmt::format("({} {} '{}')", name.word, op, text.word);
  }

  Fraction number(const PythonNode& node) {
    Fraction value = unbounded_number(node);
    check_length(value.above);
    check_length(value.below);
    return value;
  }

  Fraction unbounded_number(const PythonNode& node) {
    switch (node.kind) {
      case Kind::integer:
        return {.above = std::to_string(node.value), .below = ""};
      case Kind::name:
        if (!names_.find(node.word)) {
          throw Error(fmt::format("there is no parameter '{}'", node.word));
        }
        return {.above = node.word, .below = "", .is_negative = below_zero_.contains(node.word)};
      case Kind::compare:
        return {.above = chain(node), .below = ""};
      case Kind::unary:
        if (node.word == "not") return {.above = fmt::format("({})", truth(node)), .below = ""};
        return negated(number(node.children[0]));
      case Kind::binary:
        return binary(node);
      default:
        throw Error("a list or a text stands where a number is expected");
    }
  }

  static Fraction negated(Fraction value) {
    value.above = fmt::format("(0 - {})", value.above);
    value.is_negative = true;
    return value;
  }

  Fraction binary(const PythonNode& node) {
    if (node.word == "and" || node.word == "or") {
      throw Error("and, or: their value can be a condition, not a number to compute with");
    }
    if (node.word == "**") return power(node);
    const Fraction a = number(node.children[0]), b = number(node.children[1]);
    if (node.word == "/") return quotient(a, b);
    if (node.word == "//" || node.word == "%") return division(a, node.word, b);
    Fraction result{.above = "", .below = product(a.below, b.below)};
    result.is_negative = a.is_negative || b.is_negative || node.word == "-";
    result.above = node.word == "*" ? product(a.above, b.above)
                                    : fmt::format("({} {} {})", product(a.above, b.below),
                                                  node.word, product(b.above, a.below));
    return result;
  }

  static Fraction quotient(const Fraction& a, const Fraction& b) {
    if (b.is_negative) throw Error("/: a divisor that can be negative is not understood");
    return {.above = product(a.above, b.below),
            .below = product(a.below, b.above),
            .is_negative = a.is_negative};
  }

  // The operators // and %, which round towards minus infinity.
  static Fraction division(const Fraction& a, const std::string& op, const Fraction& b) {
    const std::string x = product(checked(a), b.below), y = product(checked(b), a.below);
    std::string rest = fmt::format("({} % {})", x, y);
    const bool is_negative = a.is_negative || b.is_negative;
    if (is_negative) rest = fmt::format("(({} + {}) % {})", rest, y, y);
    if (op == "%") {
      return {.above = rest, .below = product(a.below, b.below), .is_negative = b.is_negative};
    }
    const std::string rounded =
        is_negative ? fmt::format("(({} - {}) / {})", x, rest, y) : fmt::format("({} / {})", x, y);
    return {.above = rounded, .below = "", .is_negative = is_negative};
  }

  Fraction power(const PythonNode& node) {
    const PythonNode& base = node.children[0];
    if (base.kind == Kind::integer && base.value == 2) {
      const Fraction exponent = number(node.children[1]);
      if (!exponent.below.empty() || exponent.is_negative) {
        throw Error("2 ** x: x has to be a whole number that is not negative");
      }
      return {.above = fmt::format("(1 << {})", exponent.above), .below = ""};
    }
    const PythonNode& exponent = node.children[1];
    if (exponent.kind != Kind::integer || exponent.value < 0 || exponent.value > 16) {
      throw Error("**: the base has to be 2, or the exponent a number from 0 to 16");
    }
    const Fraction factor = number(base);
    Fraction result{.above = "1", .below = ""};
    for (std::int64_t i = 0; i < exponent.value; ++i) {
      result.above = i == 0 ? factor.above : product(result.above, factor.above);
      result.below = product(result.below, factor.below);
    }
    result.is_negative = factor.is_negative;
    return result;
  }

  const Names& names_;
  const std::set<std::string>& below_zero_;
};

}  // namespace

std::string condition_from(const PythonNode& condition, const Names& names,
                           const std::set<std::string>& below_zero) {
  return Translator(names, below_zero).truth(condition);
}

std::string whole_number_from(const PythonNode& number, const Names& names,
                              const std::set<std::string>& below_zero) {
  return Translator(names, below_zero).whole(number);
}

}  // namespace tw
