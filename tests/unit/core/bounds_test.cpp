// Bounds of expressions have every value that the expressions have.
#include "core/expr/bounds.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/expr/expr.h"

namespace tw {
namespace {

Names two_names() {
  Names names;
  names.add("a");
  names.add("b");
  return names;
}

std::vector<std::string> all_functions() {
  std::vector<std::string> texts{"-a", "~a", "!a", "abs(a)", "is_pow2(a)", "log2(a)"};
  for (const char* symbol : {"+", "-", "*", "/", "%", "<<", ">>", "<", "<=", ">",
                             ">=", "==", "!=", "&", "^", "|", "&&", "||"}) {
    texts.push_back(fmt::format("a {} b", symbol));
  }
  for (const char* name :
       {"ceil_div", "round_up", "min", "max", "floor_div", "floor_mod", "gcd", "pow"}) {
    texts.push_back(fmt::format("{}(a, b)", name));
  }
  return texts;
}

TEST(Bounds, OfAFunctionHasAllValues) {
  const Names names = two_names();
  for (const std::string& text : all_functions()) {
    const Expr expr = Expr::parse(text, names);
    for (std::int64_t a = -4; a <= 9; ++a) {
      for (std::int64_t a_most = a; a_most <= 9; a_most += 3) {
        for (std::int64_t b = -3; b <= 5; ++b) {
          for (std::int64_t b_most = b; b_most <= 5; b_most += 2) {
            const Bounds bounds = expr.bounds(std::vector<Bounds>{{a, a_most}, {b, b_most}});
            for (std::int64_t x = a; x <= a_most; ++x) {
              for (std::int64_t y = b; y <= b_most; ++y) {
                const auto value = expr.evaluate(std::vector<std::int64_t>{x, y});
                ASSERT_TRUE(!value || bounds.has(*value))
                    << text << " with " << x << ", " << y << " in " << bounds.least << ".."
                    << bounds.most;
              }
            }
          }
        }
      }
    }
  }
}

TEST(Bounds, OfOneValueIsTheValue) {
  const Names names = two_names();
  constexpr std::int64_t numbers[] = {INT64_MIN, INT64_MIN + 1, -64,      -3, -1, 0, 1, 2, 3, 62,
                                      63,        INT64_MAX - 1, INT64_MAX};
  for (const std::string& text : all_functions()) {
    const Expr expr = Expr::parse(text, names);
    for (const std::int64_t a : numbers) {
      for (const std::int64_t b : numbers) {
        const auto value = expr.evaluate(std::vector<std::int64_t>{a, b});
        const Bounds bounds = expr.bounds(std::vector<Bounds>{Bounds::only(a), Bounds::only(b)});
        const Bounds expected = value ? Bounds::only(*value) : Bounds::none();
        ASSERT_EQ(bounds.is_empty(), expected.is_empty()) << text << ": " << a << ", " << b;
        if (value) {
          ASSERT_EQ(bounds, expected) << text << ": " << a << ", " << b;
        }
      }
    }
  }
}

TEST(Bounds, OfLargeNumbersHasTheirValues) {
  const Names names = two_names();
  std::mt19937_64 random(1);
  const auto number = [&] {
    const auto bits = static_cast<std::int64_t>(random());
    return bits >> random() % 64;
  };
  for (const std::string& text : all_functions()) {
    const Expr expr = Expr::parse(text, names);
    for (int i = 0; i < 2000; ++i) {
      const std::int64_t a = number(), b = number(), x = number(), y = number();
      const Bounds bounds = expr.bounds(
          std::vector<Bounds>{{std::min(a, x), std::max(a, x)}, {std::min(b, y), std::max(b, y)}});
      for (const auto& [left, right] : {std::pair(a, b), std::pair(a, y), std::pair(x, b)}) {
        const auto value = expr.evaluate(std::vector<std::int64_t>{left, right});
        ASSERT_TRUE(!value || bounds.has(*value)) << text << " with " << left << ", " << right;
      }
    }
  }
}

TEST(Bounds, DecidesConditions) {
  const Names names = two_names();
  const auto bounds = [&](const char* text) {
    return Expr::parse(text, names).bounds(std::vector<Bounds>{{2, 5}, {10, 20}});
  };
  EXPECT_EQ(bounds("a < b"), Bounds::only(1));
  EXPECT_EQ(bounds("a * b <= 19"), Bounds::only(0));
  EXPECT_EQ(bounds("a * b <= 20"), Bounds::truth());
  EXPECT_EQ(bounds("a + b == 26 || a == 6"), Bounds::only(0));
  EXPECT_EQ(bounds("a > 3 && b > 20"), Bounds::only(0));
  EXPECT_EQ(bounds("a > 1 ? b : 0"), (Bounds{10, 20}));
  EXPECT_EQ(bounds("a > 2 ? b : -1"), (Bounds{-1, 20}));
  EXPECT_EQ(bounds("min(a, b) + max(a, b)"), (Bounds{12, 25}));
  EXPECT_EQ(bounds("b % 32"), (Bounds{10, 20}));
  EXPECT_EQ(bounds("b / 4"), (Bounds{2, 5}));
  EXPECT_FALSE(bounds("a / 0").may_hold());
  EXPECT_FALSE(bounds("!(a / 0)").may_hold());
}

}  // namespace
}  // namespace tw
