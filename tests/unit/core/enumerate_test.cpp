// Bounds of constraints prune early and change no result: spaces are compared with brute force.
#include "core/space/enumerate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/space/space.h"

namespace tw {
namespace {

struct RandomSpace {
  std::vector<Knob> knobs;
  std::vector<Constraint> constraints;
  Names names;
};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  RandomSpace space() {
    RandomSpace space;
    for (int i = 2 + pick(4); i > 0; --i) {
      Knob knob;
      knob.name = fmt::format("k{}", i);
      for (int values = 1 + pick(5); values > 0; --values) {
        const std::int64_t value = pick(3) == 0 ? -pick(4) : pick(3) == 0 ? 1 << pick(8) : pick(9);
        if (std::find(knob.values.begin(), knob.values.end(), value) == knob.values.end()) {
          knob.values.push_back(value);
        }
      }
      space.names.add(knob.name);
      space.knobs.push_back(std::move(knob));
    }
    for (int i = 1 + pick(3); i > 0; --i) {
      const std::string text = condition(space, 1 + pick(3));
      space.constraints.push_back({.reason = text, .expr = Expr::parse(text, space.names)});
    }
    return space;
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  std::string condition(const RandomSpace& space, int depth) {
    static constexpr const char* compares[] = {"<", "<=", ">", ">=", "==", "!="};
    switch (depth > 1 ? pick(7) : 6) {
      case 0:
        return fmt::format("({} && {})", condition(space, depth - 1), condition(space, depth - 1));
      case 1:
        return fmt::format("({} || {})", condition(space, depth - 1), condition(space, depth - 1));
      case 2:
        return fmt::format("!{}", condition(space, depth - 1));
      case 3:
        return fmt::format("({} ? {} : {})", condition(space, depth - 1),
                           condition(space, depth - 1), number(space, depth - 1));
      default:
        return fmt::format("({} {} {})", number(space, depth), compares[pick(6)],
                           number(space, depth - 1));
    }
  }

  std::string number(const RandomSpace& space, int depth) {
    static constexpr const char* operators[] = {"+", "+", "-", "*", "*", "/",
                                                "%", "&", "|", "^", "<<"};
    static constexpr const char* functions[] = {"min", "max", "ceil_div",  "round_up",
                                                "gcd", "pow", "floor_div", "floor_mod"};
    if (depth <= 0 || pick(5) == 0) {
      if (pick(4) == 0) return std::to_string(pick(30));
      return space.knobs[static_cast<std::size_t>(pick(static_cast<int>(space.knobs.size())))].name;
    }
    const std::string left = number(space, depth - 1), right = number(space, depth - 1);
    if (pick(4) == 0) return fmt::format("{}({}, {})", functions[pick(8)], left, right);
    return fmt::format("({} {} {})", left, operators[pick(11)], right);
  }

  std::mt19937 random_;
};

// Returns the levels of all valid configurations, in lexicographic order.
std::vector<std::uint8_t> brute_force(const RandomSpace& space) {
  std::vector<std::uint8_t> levels(space.knobs.size()), found;
  std::vector<std::int64_t> slots(space.knobs.size());
  while (true) {
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = space.knobs[i].values[levels[i]];
    const bool is_valid =
        std::all_of(space.constraints.begin(), space.constraints.end(),
                    [&](const Constraint& constraint) { return constraint.expr.holds(slots); });
    if (is_valid) found.insert(found.end(), levels.begin(), levels.end());
    std::size_t i = levels.size();
    while (i > 0 && ++levels[i - 1] == space.knobs[i - 1].values.size()) levels[--i] = 0;
    if (i == 0) return found;
  }
}

TEST(Enumerate, WithBoundsFindsWhatBruteForceFinds) {
  Generator generator(1);
  int empty = 0, full = 0;
  for (int i = 0; i < 4000; ++i) {
    const RandomSpace space = generator.space();
    const std::vector<std::uint8_t> expected = brute_force(space);
    for (const std::size_t patience : {std::size_t{0}, std::size_t{3}, Enumerator::kPatience}) {
      Enumerator enumerator(space.knobs, space.constraints, 0, {});
      const Enumerator::Rows rows = enumerator.run(SIZE_MAX, patience);
      ASSERT_TRUE(rows.is_complete);
      ASSERT_EQ(rows.levels, expected) << i << ": " << space.constraints[0].reason;
    }
    empty += expected.empty();
    full += !expected.empty();
  }
  EXPECT_GT(empty, 500);
  EXPECT_GT(full, 1500);
}

TEST(Enumerate, WithBoundsCountsWhatIsRejected) {
  Generator generator(2);
  for (int i = 0; i < 200; ++i) {
    const RandomSpace space = generator.space();
    double rejected = 0, all = 1;
    for (const Knob& knob : space.knobs) all *= static_cast<double>(knob.values.size());
    Enumerator enumerator(space.knobs, space.constraints, 0, {});
    const std::size_t rows = enumerator.run(SIZE_MAX, 0).count;
    for (const double count : enumerator.count_rejected()) rejected += count;
    EXPECT_EQ(rejected + static_cast<double>(rows), all) << i;
  }
}

// 4.3 * 10^9 combinations of ten knobs with eight values and one with four.
RandomSpace large_space(const std::string& constraint) {
  RandomSpace space;
  for (int i = 0; i < 11; ++i) {
    Knob knob;
    knob.name = fmt::format("P{}", i);
    for (std::int64_t value = 1; value <= (i == 0 ? 4 : 8); ++value) knob.values.push_back(value);
    space.names.add(knob.name);
    space.knobs.push_back(std::move(knob));
  }
  space.constraints.push_back({.reason = constraint, .expr = Expr::parse(constraint, space.names)});
  return space;
}

TEST(Enumerate, SumsAndProductsOfManyKnobsTakeNoTime) {
  const std::pair<const char*, std::size_t> cases[] = {
      {"P1 + P2 + P3 + P4 + P5 + P6 + P7 + P8 + P9 + P10 == 12", 4 * 55},
      {"P1 + P2 + P3 + P4 + P5 + P6 + P7 + P8 + P9 + P10 >= 79", 4 * 11},
      {"P1 * P2 * P3 * P4 * P5 * P6 * P7 * P8 * P9 * P10 == 64", 4 * 4455},
      {"P1 * P2 * P3 * P4 * P5 * P6 * P7 * P8 * P9 * P10 <= 2", 4 * 11},
      {"max(P1, P2, P3, P4, P5, P6, P7, P8, P9, P10) <= 1", 4},
      {"(P1 + P2) / 2 + (P3 + P4 + P5) * 2 + P6 * P7 * P8 * P9 * P10 <= 8", 4 * 3},
      {"P0 * P1 * P2 * P3 * P4 * P5 * P6 * P7 * P8 * P9 * P10 > 4000000000", 1},
  };
  for (const auto& [constraint, count] : cases) {
    const RandomSpace space = large_space(constraint);
    EXPECT_EQ(SearchSpace::enumerate(space.knobs, space.constraints, 0, {}).size(), count)
        << constraint;
  }
}

TEST(Enumerate, SaysHowFarItIs) {
  const RandomSpace space = large_space("(P1 ^ P2 ^ P3 ^ P4 ^ P5 ^ P6 ^ P7) * P8 == 119");
  Enumerator enumerator(space.knobs, space.constraints, 0, {});
  std::vector<double> parts;
  enumerator.watch([&](double passed) { parts.push_back(passed); });
  EXPECT_EQ(enumerator.run().count, 0u);
  ASSERT_GT(parts.size(), 2u);
  EXPECT_TRUE(std::is_sorted(parts.begin(), parts.end()));
  EXPECT_GE(parts.front(), 0);
  EXPECT_LT(parts.back(), 1);
}

}  // namespace
}  // namespace tw
