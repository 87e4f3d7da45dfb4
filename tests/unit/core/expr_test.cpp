// The expression language: values, expressions without a value, and messages about mistakes.
// Longer than 400 lines: most of it is tables of expressions.
#include "core/expr/expr.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/base/checked.h"
#include "core/base/error.h"

namespace tw {
namespace {

using std::int64_t;
using Value = std::optional<int64_t>;

constexpr int64_t kMin = INT64_MIN, kMax = INT64_MAX;

class ExprTest : public testing::Test {
 protected:
  ExprTest() {
    for (const char* name : {"a", "b", "c", "device.cc", "block_m"}) names_.add(name);
    names_.add("layout", {"nn", "nt", "tn", "tt"});
    slots_.resize(static_cast<std::size_t>(names_.size()));
  }

  Value evaluate(const std::string& text, int64_t a = 0, int64_t b = 0, int64_t c = 0) {
    slots_[0] = a;
    slots_[1] = b;
    slots_[2] = c;
    return Expr::parse(text, names_).evaluate(slots_);
  }

  std::string error_of(const std::string& text) {
    try {
      Expr::parse(text, names_);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted: " + text;
  }

  std::string cpp_of(const std::string& text) {
    return Expr::parse(text, names_).to_cpp([this](int slot) { return names_.name(slot); });
  }

  Names names_;
  std::vector<int64_t> slots_;
};

// The compiler shows which precedence and associativity are right.
#define EXPECT_AS_IN_C(expression) EXPECT_EQ(evaluate(#expression, a, b, c), Value(expression))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wbool-operation"
#pragma GCC diagnostic ignored "-Wint-in-bool-context"
TEST_F(ExprTest, BindsAsInC) {
  for (const int64_t a : {int64_t{-7}, int64_t{0}, int64_t{5}, int64_t{12}}) {
    for (const int64_t b : {int64_t{1}, int64_t{3}, int64_t{-4}}) {
      const int64_t c = 2;
      EXPECT_AS_IN_C(a + b * c);
      EXPECT_AS_IN_C(a - b - c);
      EXPECT_AS_IN_C((a - b) * (b - c) % 5);
      EXPECT_AS_IN_C(a * b / c % 7 * 3);
      EXPECT_AS_IN_C(a / b);
      EXPECT_AS_IN_C(a % b);
      EXPECT_AS_IN_C(-a - -b);
      EXPECT_AS_IN_C(a | b & c ^ 9);
      EXPECT_AS_IN_C(a & b == c);
      EXPECT_AS_IN_C(a<b == c> b);
      EXPECT_AS_IN_C(a >= b || a <= c && b != 3);
      EXPECT_AS_IN_C((a >= b || a <= c) && b != 3);
      EXPECT_AS_IN_C(a && b);
      EXPECT_AS_IN_C(a || b);
      EXPECT_AS_IN_C(a >> c + 1);
      EXPECT_AS_IN_C(c << 3 << 1 | 1);
      EXPECT_AS_IN_C(!a + ~b);
      EXPECT_AS_IN_C(!(a == b) * 4);
      EXPECT_AS_IN_C(a < 0 ? b : a == 0 ? c : a ? 4 : 5);
      EXPECT_AS_IN_C((a ? b : c) ? 1 + a : 2 * b);
      EXPECT_AS_IN_C(c + (a || b ? a && c : 7) * 10);
      EXPECT_AS_IN_C(0x1F + 10 - (a));
    }
  }
}
#pragma GCC diagnostic pop

TEST_F(ExprTest, HasFunctions) {
  EXPECT_EQ(evaluate("ceil_div(a, b)", 7, 2), 4);
  EXPECT_EQ(evaluate("ceil_div(a, b)", 8, 2), 4);
  EXPECT_EQ(evaluate("ceil_div(a, b)", 0, 2), 0);
  EXPECT_EQ(evaluate("ceil_div(a, b)", kMax, 2), kMax / 2 + 1);
  EXPECT_EQ(evaluate("round_up(a, b)", 9, 8), 16);
  EXPECT_EQ(evaluate("round_up(a, b)", 16, 8), 16);
  EXPECT_EQ(evaluate("min(a, b, c, 3)", 9, 8, 4), 3);
  EXPECT_EQ(evaluate("max(a, b + 1, c)", 9, 9, -4), 10);
  EXPECT_EQ(evaluate("abs(a) + abs(b)", -9, 9), 18);
  EXPECT_EQ(evaluate("is_pow2(a) * 10 + is_pow2(b)", 64, 63), 10);
  EXPECT_EQ(evaluate("is_pow2(a) + is_pow2(b)", 0, kMin), 0);
  EXPECT_EQ(evaluate("log2(a)", 1), 0);
  EXPECT_EQ(evaluate("log2(a)", 1023), 9);
  EXPECT_EQ(evaluate("log2(a)", kMax), 62);
  EXPECT_EQ(evaluate("true + true + false"), 2);
}

TEST_F(ExprTest, DividesTowardsMinusInfinity) {
  for (const int64_t a : {-7, -6, -1, 0, 1, 6, 7}) {
    for (const int64_t b : {-3, -2, -1, 1, 2, 3}) {
      const auto quotient =
          static_cast<int64_t>(std::floor(static_cast<double>(a) / static_cast<double>(b)));
      EXPECT_EQ(evaluate("floor_div(a, b)", a, b), quotient) << a << ", " << b;
      EXPECT_EQ(evaluate("floor_mod(a, b)", a, b), a - quotient * b) << a << ", " << b;
    }
  }
  EXPECT_EQ(evaluate("floor_div(a, b)", kMin, kMax), -2);
  EXPECT_EQ(evaluate("floor_mod(a, b)", kMin, kMax), kMax - 1);
}

TEST_F(ExprTest, HasDivisorsAndPowers) {
  EXPECT_EQ(evaluate("gcd(a, b)", 12, -18), 6);
  EXPECT_EQ(evaluate("gcd(a, b, c)", 12, 18, 9), 3);
  EXPECT_EQ(evaluate("gcd(a, b)", 0, -5), 5);
  EXPECT_EQ(evaluate("gcd(a, b)", 0, 0), 0);
  EXPECT_EQ(evaluate("gcd(a, b)", kMin, 6), 2);
  EXPECT_EQ(evaluate("pow(a, b)", 3, 4), 81);
  EXPECT_EQ(evaluate("pow(a, b)", -2, 63), kMin);
  EXPECT_EQ(evaluate("pow(a, b)", 0, 0), 1);
  EXPECT_EQ(evaluate("pow(a, b)", -1, kMax), -1);
}

TEST_F(ExprTest, HasNoValueOutsideTheDomain) {
  const Value none;
  EXPECT_EQ(evaluate("a / b", 1, 0), none);
  EXPECT_EQ(evaluate("a % b", 1, 0), none);
  EXPECT_EQ(evaluate("a / b", kMin, -1), none);
  EXPECT_EQ(evaluate("a % b", kMin, -1), none);
  EXPECT_EQ(evaluate("a + b", kMax, 1), none);
  EXPECT_EQ(evaluate("a - b", kMin, 1), none);
  EXPECT_EQ(evaluate("a - b", 0, kMin), none);
  EXPECT_EQ(evaluate("a * b", kMax, 2), none);
  EXPECT_EQ(evaluate("a * b", kMin, -1), none);
  EXPECT_EQ(evaluate("-a", kMin), none);
  EXPECT_EQ(evaluate("abs(a)", kMin), none);
  EXPECT_EQ(evaluate("a << b", 1, 63), none);
  EXPECT_EQ(evaluate("a << b", 1, -1), none);
  EXPECT_EQ(evaluate("a << b", 2, 62), none);
  EXPECT_EQ(evaluate("a >> b", 1, 63), none);
  EXPECT_EQ(evaluate("a >> b", 1, -1), none);
  EXPECT_EQ(evaluate("ceil_div(a, b)", 1, 0), none);
  EXPECT_EQ(evaluate("ceil_div(a, b)", -1, 2), none);
  EXPECT_EQ(evaluate("ceil_div(a, b)", 1, -2), none);
  EXPECT_EQ(evaluate("round_up(a, b)", kMax, 2), none);
  EXPECT_EQ(evaluate("log2(a)", 0), none);
  EXPECT_EQ(evaluate("log2(a)", -8), none);
  EXPECT_EQ(evaluate("floor_div(a, b)", 1, 0), none);
  EXPECT_EQ(evaluate("floor_div(a, b)", kMin, -1), none);
  EXPECT_EQ(evaluate("floor_mod(a, b)", 1, 0), none);
  EXPECT_EQ(evaluate("floor_mod(a, b)", kMin, -1), none);
  EXPECT_EQ(evaluate("gcd(a, b)", kMin, 0), none);
  EXPECT_EQ(evaluate("gcd(a, b)", kMin, kMin), none);
  EXPECT_EQ(evaluate("pow(a, b)", 2, -1), none);
  EXPECT_EQ(evaluate("pow(a, b)", 2, 63), none);
  EXPECT_EQ(evaluate("min(a / b, 1)", 1, 0), none);
  EXPECT_EQ(evaluate("!(a / b)", 1, 0), none);
}

TEST_F(ExprTest, HasValuesAtTheEdgesOfTheDomain) {
  EXPECT_EQ(evaluate("a + b", kMin, kMax), -1);
  EXPECT_EQ(evaluate("a - b", -1, kMin), kMax);
  EXPECT_EQ(evaluate("a * b", kMin / 2, 2), kMin);
  EXPECT_EQ(evaluate("a / b", kMin, 1), kMin);
  EXPECT_EQ(evaluate("a << b", 1, 62), int64_t{1} << 62);
  EXPECT_EQ(evaluate("a << b", -1, 62), -(int64_t{1} << 62));
  EXPECT_EQ(evaluate("a >> b", -9, 1), -5);
  EXPECT_EQ(evaluate("a >> b", kMin, 62), -2);
  EXPECT_EQ(evaluate("~a", kMin), kMax);
}

TEST_F(ExprTest, EvaluatesOnlyWhatItNeeds) {
  EXPECT_EQ(evaluate("b != 0 && a / b > 2", 9, 0), 0);
  EXPECT_EQ(evaluate("b == 0 || a / b > 2", 9, 0), 1);
  EXPECT_EQ(evaluate("b ? a / b : -1", 9, 0), -1);
  EXPECT_EQ(evaluate("b == 0 ? 7 : a / b", 9, 0), 7);
  EXPECT_EQ(evaluate("a / b && b != 0", 9, 0), std::nullopt);
  EXPECT_EQ(evaluate("b != 1 && a / b > 2", 9, 0), std::nullopt);
  EXPECT_EQ(evaluate("a / b ? 1 : 1", 9, 0), std::nullopt);
  EXPECT_EQ(evaluate("2 + (c && a / b) + (a || a / b)", 9, 0, 0), 3);
}

TEST_F(ExprTest, HoldsOnlyWithAValueOtherThanZero) {
  slots_ = {1, 0, -3, 0, 0, 0};
  EXPECT_TRUE(Expr::parse("c", names_).holds(slots_));
  EXPECT_FALSE(Expr::parse("b", names_).holds(slots_));
  EXPECT_FALSE(Expr::parse("a / b", names_).holds(slots_));
  EXPECT_FALSE(Expr::parse("!(a / b)", names_).holds(slots_));
  EXPECT_FALSE(Expr().holds(slots_));
  EXPECT_EQ(Expr().evaluate(slots_), std::nullopt);
  EXPECT_EQ(Expr::constant(-5).evaluate({}), -5);
}

TEST_F(ExprTest, ComparesNamedValues) {
  slots_.back() = 1;
  EXPECT_EQ(evaluate("layout == 'nt'"), 1);
  EXPECT_EQ(evaluate("'nt' != layout"), 0);
  EXPECT_EQ(evaluate("(layout) == 'tt' || layout == 'tn' ? a : b", 4, 5), 5);
  EXPECT_EQ(error_of("layout == 'tx'"),
            "column 11 of \"layout == 'tx'\": layout has no value 'tx'; its values are nn, nt, tn, "
            "tt");
  EXPECT_NE(error_of("a == 'nt'").find("no named values"), std::string::npos);
  EXPECT_NE(error_of("layout + 1 == 'nt'").find("no named values"), std::string::npos);
  for (const char* text : {"layout < 'nt'", "'nt'", "layout + 'nt'", "'nt' ? 1 : 2", "!'nt'",
                           "layout && 'nt'", "max('nt', 1)", "(a ? 'nt' : 'nn') == layout"}) {
    EXPECT_NE(error_of(text).find("a string can only be compared"), std::string::npos) << text;
  }
}

TEST_F(ExprTest, PutsInLets) {
  const Expr sum = Expr::parse("a + b", names_);
  const Expr::Let sum_let{"sum", &sum};
  const Expr choose =
      Expr::parse("sum > 2 && a ? sum * c : device.cc", names_, std::span(&sum_let, 1));
  const Expr alias = Expr::parse("layout", names_);
  const std::array<Expr::Let, 3> lets{{sum_let, {"choose", &choose}, {"alias", &alias}}};
  const Expr expr = Expr::parse("c - choose * sum * (alias == 'tn')", names_, lets);
  slots_ = {4, 5, 3, 80, 0, 2};
  EXPECT_EQ(expr.evaluate(slots_), 3 - 9 * 3 * 9);
  slots_ = {0, 5, 3, 80, 0, 2};
  EXPECT_EQ(expr.evaluate(slots_), 3 - 80 * 5);
  EXPECT_EQ(expr.reads(), (std::vector<int>{0, 1, 2, 3, 5}));
  EXPECT_THROW(Expr::parse("sun", names_, lets), Error);
}

TEST_F(ExprTest, KnowsWhatItReads) {
  EXPECT_EQ(Expr::parse("c * c + a - 2 * device.cc", names_).reads(), (std::vector<int>{0, 2, 3}));
  EXPECT_EQ(Expr::parse("false && b", names_).reads(), (std::vector<int>{1}));
  EXPECT_TRUE(Expr::parse("1 + 2", names_).reads().empty());
  EXPECT_EQ(Expr::parse(" a+ b ", names_).text(), " a+ b ");
}

TEST_F(ExprTest, SaysWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "column 1 of \"\": expected a number, a name or '(', found the end"},
      {"a +", "column 4 of \"a +\": expected a number, a name or '(', found the end"},
      {"a * * b", "column 5 of \"a * * b\": expected a number, a name or '(', found '*'"},
      {"(a", "column 3 of \"(a\": expected ')', found the end"},
      {"a b", "column 3 of \"a b\": expected an operator, found 'b'"},
      {"a)", "column 2 of \"a)\": expected an operator, found ')'"},
      {"a ? b", "column 6 of \"a ? b\": expected ':', found the end"},
      {"a = b", "column 3 of \"a = b\": expected an operator, found '=': write == for it"},
      {"a and b", "column 3 of \"a and b\": expected an operator, found 'and': write && for it"},
      {"not a", "column 1 of \"not a\": unknown name 'not': write ! for it"},
      {"blok_m > 1", "column 1 of \"blok_m > 1\": unknown name 'blok_m'; did you mean 'block_m'?"},
      {"1 + devise.cc",
       "column 5 of \"1 + devise.cc\": unknown name 'devise.cc'; did you mean "
       "'device.cc'?"},
      {"zz",
       "column 1 of \"zz\": unknown name 'zz'; known are a, b, c, device.cc, block_m, layout"},
      {"1 < a <= 3",
       "column 7 of \"1 < a <= 3\": comparisons do not chain: write a <= b && b <= c"},
      {"ceildiv(a, b)",
       "column 1 of \"ceildiv(a, b)\": unknown function 'ceildiv'; did you mean 'ceil_div'?"},
      {"a + log2", "column 5 of \"a + log2\": log2 is a function: expected '(' after it"},
      {"log2(a, b)", "column 1 of \"log2(a, b)\": log2 takes 1 argument, found 2"},
      {"min(a)", "column 1 of \"min(a)\": min takes at least 2 arguments, found 1"},
      {"ceil_div(a, b, c)",
       "column 1 of \"ceil_div(a, b, c)\": ceil_div takes 2 arguments, found 3"},
      {"9223372036854775808", "column 1 of \"9223372036854775808\": the number is 2^63 or more"},
      {"012", "column 1 of \"012\": '012' is no number: expected an integer, decimal or 0x..."},
      {"1.5", "column 1 of \"1.5\": '1.5' is no number: expected an integer, decimal or 0x..."},
      {"0x", "column 1 of \"0x\": '0x' is no number: expected an integer, decimal or 0x..."},
      {"layout == 'nt", "column 11 of \"layout == 'nt\": expected a closing '"},
      {"layout == \"nt\"",
       "column 11 of \"layout == \"nt\"\": strings are written in single quotes: 'nt'"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(error_of(text), message);
}

TEST_F(ExprTest, RefusesHostileTexts) {
  const auto repeat = [](const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  EXPECT_NE(error_of(repeat("(", 5000)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(repeat("-", 5000) + "a").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(repeat("a?b:", 3000) + "c").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(repeat("1+(", 99) + "1").find("nested too deeply"), std::string::npos);
  EXPECT_NE(error_of(repeat("a+", 5000) + "a").find("too long"), std::string::npos);
  EXPECT_NE(error_of(repeat(" ", 100000)).find("at most"), std::string::npos);
  EXPECT_NE(error_of("a \n\t$\x01\xff").find("column 5"), std::string::npos);
  EXPECT_EQ(error_of("a \n$\x01").find('\n'), std::string::npos);
  // Lets that double at each step; after twelve steps they are too long.
  std::vector<Expr> exprs;
  exprs.reserve(32);
  exprs.push_back(Expr::parse("a - b * c", names_));
  const auto double_lets = [&] {
    for (int i = 0; i < 30; ++i) {
      const Expr::Let let{"x", &exprs.back()};
      exprs.push_back(Expr::parse("x + x", names_, std::span(&let, 1)));
    }
  };
  EXPECT_THROW(double_lets(), Error);
  // The limits allow 50 levels of nesting, and a chain of a thousand operations.
  EXPECT_EQ(evaluate(repeat("(1+", 50) + "a" + repeat(")", 50), 3), 53);
  EXPECT_EQ(evaluate(repeat("a-", 1000) + "a", 3), -3 * 999);
}

TEST_F(ExprTest, PrintsCallsOfCheckedFunctions) {
  EXPECT_EQ(cpp_of("layout == 'nt' && 4 * a <= -b"),
            "checked::logical_and(checked::eq(layout, 1), checked::le(checked::mul(4, a), "
            "checked::neg(b)))");
  EXPECT_EQ(cpp_of("a"), "a");
  EXPECT_EQ(cpp_of("a - (b - c) - 7"), "checked::sub(checked::sub(a, checked::sub(b, c)), 7)");
  EXPECT_EQ(cpp_of("a ? b : c ? 1 : 2"), "checked::select(a, b, checked::select(c, 1, 2))");
  EXPECT_EQ(cpp_of("(a ? b && 1 : !c) || max(a, b, c)"),
            "checked::logical_or(checked::select(a, checked::logical_and(b, 1), "
            "checked::logical_not(c)), checked::max(checked::max(a, b), c))");
  EXPECT_EQ(cpp_of("c << 2 >> 1"), "checked::shr(checked::shl(c, 2), 1)");
  EXPECT_EQ(Expr::constant(kMin).to_cpp({}), "(-9223372036854775807 - 1)");
}

TEST_F(ExprTest, MeansWhatItsPrintedTextMeans) {
  // The right side is the text that cpp_of gives for the text on the left.
  for (const int64_t a : {int64_t{-2}, int64_t{0}, int64_t{3}, kMax}) {
    for (const int64_t b : {int64_t{0}, int64_t{2}, kMin}) {
      const std::pair<const char*, checked::Value> cases[] = {
          {"a != 0 && b / a > 1",
           checked::logical_and(checked::ne(a, 0), checked::gt(checked::div(b, a), 1))},
          {"a || b % a", checked::logical_or(a, checked::mod(b, a))},
          {"b ? a / b : -b", checked::select(b, checked::div(a, b), checked::neg(b))},
          {"round_up(a, 64) + log2(b)", checked::add(checked::round_up(a, 64), checked::log2(b))},
      };
      for (const auto& [text, value] : cases) {
        EXPECT_EQ(evaluate(text, a, b), value.ok ? Value(value.v) : Value())
            << text << " with " << a << ", " << b << ": " << cpp_of(text);
      }
    }
  }
}

// Random trees, evaluated by a simple recursion in 128 bits.
class Oracle {
 public:
  explicit Oracle(unsigned seed) : random_(seed) {}

  struct Tree {
    std::string text;
    Value value;
  };
  Tree tree(int depth, const std::vector<int64_t>& slots) {
    if (depth == 0) return leaf(slots);
    const int kind = pick(9);
    if (kind == 0) {
      const Tree c = tree(depth - 1, slots), x = tree(depth - 1, slots), y = tree(depth - 1, slots);
      return {"(" + c.text + " ? " + x.text + " : " + y.text + ")", !c.value        ? Value()
                                                                    : *c.value != 0 ? x.value
                                                                                    : y.value};
    }
    const Tree l = tree(depth - 1, slots), r = tree(pick(depth), slots);
    if (kind == 1) {
      return {"(" + l.text + " && " + r.text + ")",
              !l.value || *l.value == 0 ? l.value : truth(r.value)};
    }
    if (kind == 2) {
      return {"(" + l.text + " || " + r.text + ")", !l.value        ? l.value
                                                    : *l.value != 0 ? Value(1)
                                                                    : truth(r.value)};
    }
    static const char* const kSymbols[] = {"+", "-", "*", "/", "%", "<", "==", "<<"};
    const std::string symbol = kSymbols[pick(8)];
    return {"(" + l.text + " " + symbol + " " + r.text + ")", apply(symbol, l.value, r.value)};
  }
  int64_t number() {
    static const int64_t kNumbers[] = {0, 1, 2, 3, -1, -2, 7, 64, 4096, kMin, kMax, 1 << 30};
    return kNumbers[pick(12)];
  }
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

 private:
  static Value truth(const Value& value) { return value ? Value(*value != 0) : value; }

  Tree leaf(const std::vector<int64_t>& slots) {
    const int slot = pick(5);
    if (slot < 3) return {std::string(1, static_cast<char>('a' + slot)), slots[std::size_t(slot)]};
    const int64_t value = pick(10);
    return {std::to_string(value), value};
  }

  static Value apply(const std::string& symbol, const Value& l, const Value& r) {
    if (!l || !r) return std::nullopt;
    __extension__ using Wide = __int128;
    const Wide a = *l, b = *r;
    Wide result = 0;
    if ((symbol == "/" || symbol == "%") && (b == 0 || a / b > kMax)) return std::nullopt;
    if (symbol == "<<" && (b < 0 || b > 62)) return std::nullopt;
    if (symbol == "+") result = a + b;
    if (symbol == "-") result = a - b;
    if (symbol == "*") result = a * b;
    if (symbol == "/") result = a / b;
    if (symbol == "%") result = a % b;
    if (symbol == "<") result = a < b;
    if (symbol == "==") result = a == b;
    if (symbol == "<<") result = a * (Wide{1} << static_cast<int>(b));
    if (result < kMin || result > kMax) return std::nullopt;
    return static_cast<int64_t>(result);
  }

  std::mt19937 random_;
};

TEST_F(ExprTest, AgreesWithTheObviousEvaluation) {
  Oracle oracle(1);
  int with_value = 0;
  for (int i = 0; i < 20000; ++i) {
    for (std::size_t slot = 0; slot < 3; ++slot) slots_[slot] = oracle.number();
    const Oracle::Tree tree = oracle.tree(oracle.pick(6), slots_);
    const Expr expr = Expr::parse(tree.text, names_);
    const Value value = expr.evaluate(slots_);
    ASSERT_EQ(value, tree.value) << tree.text << " with " << slots_[0] << ", " << slots_[1] << ", "
                                 << slots_[2];
    with_value += value.has_value();
    std::vector<Bounds> intervals;
    for (const int64_t slot : slots_) intervals.push_back(Bounds::only(slot));
    const Bounds bounds = expr.bounds(intervals);
    ASSERT_EQ(bounds.is_empty(), !value) << tree.text;
    if (value) {
      ASSERT_EQ(bounds, Bounds::only(*value)) << tree.text;
    }
  }
  EXPECT_GT(with_value, 5000);
  EXPECT_LT(with_value, 19000);
}

}  // namespace
}  // namespace tw
