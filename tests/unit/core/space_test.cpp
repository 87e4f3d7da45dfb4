// Search spaces: which configurations are enumerated, how they are found, and why a space is empty.
#include "core/space/space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

Knob knob(const std::string& name, std::vector<std::int64_t> values) {
  Knob result;
  result.name = name;
  result.values = std::move(values);
  return result;
}

// Knobs from slot `first` on. The names before them are "dim0", ...
struct Space {
  Names names;
  std::vector<Knob> knobs;
  std::vector<Constraint> require;
  std::vector<std::int64_t> slots;
  int first = 0;

  explicit Space(std::vector<Knob> list, const std::vector<std::int64_t>& dims = {})
      : knobs(std::move(list)), slots(dims), first(static_cast<int>(dims.size())) {
    for (std::size_t i = 0; i < dims.size(); ++i) names.add("dim" + std::to_string(i));
    for (const Knob& k : knobs) {
      k.words.empty() ? names.add(k.name) : names.add(k.name, k.words);
    }
    slots.resize(dims.size() + knobs.size());
  }
  Space& where(const std::string& expr, const std::string& reason = "") {
    require.push_back({reason.empty() ? expr : reason, Expr::parse(expr, names)});
    return *this;
  }
  SearchSpace enumerate() const { return SearchSpace::enumerate(knobs, require, first, slots); }
  std::string error() const {
    try {
      enumerate();
    } catch (const Error& error) {
      return error.what();
    }
    return "not empty";
  }
  // Returns every valid combination, in lexicographic order of value indices, checked one by one.
  std::vector<Configuration> brute_force() const {
    std::vector<Configuration> found;
    std::vector<std::size_t> levels(knobs.size());
    std::vector<std::int64_t> bound = slots;
    while (true) {
      Configuration configuration;
      for (std::size_t i = 0; i < knobs.size(); ++i) {
        configuration.push_back(knobs[i].values[levels[i]]);
        bound[static_cast<std::size_t>(first) + i] = configuration.back();
      }
      if (std::all_of(require.begin(), require.end(),
                      [&](const Constraint& c) { return c.expr.holds(bound); })) {
        found.push_back(configuration);
      }
      std::size_t i = knobs.size();
      while (i > 0 && ++levels[i - 1] == knobs[i - 1].values.size()) levels[--i] = 0;
      if (i == 0) return found;
    }
  }
};

std::vector<Configuration> all_of(const SearchSpace& space) {
  std::vector<Configuration> result;
  for (std::size_t i = 0; i < space.size(); ++i) result.push_back(space[i]);
  return result;
}

SearchSpace published(const std::string& name) {
  const std::string path = test_data("published/") + name + ".toml";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const BareSpace space = parse_bare_space(text.str(), path);
  return SearchSpace::enumerate(space.knobs, space.require, 0, {});
}

TEST(SpaceTest, PublishedSpacesHaveTheirPublishedSizes) {
  const std::pair<const char*, std::size_t> spaces[] = {
      {"dedispersion", 11130}, {"expdist", 504000}, {"hotspot", 349853}, {"gemm", 116928},
      {"microhh", 138600},     {"prl2x2", 1200},    {"prl4x4", 10800},   {"prl8x8", 48720}};
  for (const auto& [name, size] : spaces) {
    const SearchSpace space = published(name);
    EXPECT_EQ(space.size(), size) << name;
    EXPECT_EQ(space.memory_bytes(), size * space.knobs().size()) << name;
  }
}

// Returns a random arithmetic comparison over the knobs and dims. Some divide by zero or overflow.
std::string random_constraint(std::mt19937& random, const std::vector<std::string>& names) {
  const auto pick = [&](std::size_t below) { return random() % below; };
  const auto name = [&] { return names[pick(names.size())]; };
  switch (pick(7)) {
    case 0:
      return name() + " % " + name() + " == 0";
    case 1:
      return name() + " * " + name() + " <= " + std::to_string(pick(40));
    case 2:
      return name() + " + " + name() + " != " + name();
    case 3:
      return name() + " == 0 || " + name() + " / " + name() + " > " + std::to_string(pick(3));
    case 4:
      return name() + " >= " + std::to_string(pick(4));
    case 5:
      return "(" + name() + " > 2 ? " + name() + " : " + name() + " * " + name() + ") < 9";
    default:
      return name() + " * 4611686018427387904 != 1 || " + name() + " < 3";
  }
}

TEST(SpaceTest, EnumeratesWhatBruteForceFinds) {
  std::mt19937 random(7);
  std::size_t configurations = 0, empty = 0;
  for (int i = 0; i < 1500; ++i) {
    std::vector<std::string> names{"dim0"};
    std::vector<Knob> knobs;
    for (std::size_t k = 0; k < 1 + random() % 6; ++k) {
      std::vector<std::int64_t> values{0, 1, 2, 3, 4, 6, 8, -1};
      std::shuffle(values.begin(), values.end(), random);
      values.resize(1 + random() % 5);
      names.push_back("k" + std::to_string(k));
      knobs.push_back(knob(names.back(), values));
    }
    Space space(knobs, {static_cast<std::int64_t>(random() % 5)});
    for (std::size_t c = 0; c < random() % 5; ++c) space.where(random_constraint(random, names));
    const std::vector<Configuration> expected = space.brute_force();
    if (expected.empty()) {
      EXPECT_NE(space.error().find("no configuration is valid"), std::string::npos);
      ++empty;
      continue;
    }
    const SearchSpace found = space.enumerate();
    ASSERT_EQ(all_of(found), expected) << "space " << i;
    configurations += found.size();
  }
  EXPECT_GT(configurations, 10000u);
  EXPECT_GT(empty, 50u);
}

TEST(SpaceTest, KnobsMayHaveManyValues) {
  std::vector<std::int64_t> many(300);
  std::iota(many.rbegin(), many.rend(), 1);
  Space space({knob("a", many), knob("b", {1, 2, 3}), knob("c", many)});
  space.where("a % 7 == 0 && a > 50").where("c % (a / 7) == b").where("b != 2");
  const SearchSpace found = space.enumerate();
  EXPECT_EQ(all_of(found), space.brute_force());
  for (std::size_t i = 0; i < found.size(); i += 7) EXPECT_EQ(found.find(found[i]), i);
}

// 10^12 combinations, of which 10^6 are valid. Time and memory must not grow with the former.
TEST(SpaceTest, PrunesLargeProducts) {
  std::vector<Knob> knobs;
  knobs.reserve(12);
  std::vector<std::int64_t> ten{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  for (int i = 0; i < 12; ++i) knobs.push_back(knob("k" + std::to_string(i), ten));
  Space space(knobs);
  for (int i = 0; i < 6; ++i) {
    space.where("k" + std::to_string(2 * i) + " == k" + std::to_string(2 * i + 1));
  }
  const SearchSpace found = space.enumerate();
  EXPECT_EQ(found.size(), 1000000u);
  EXPECT_EQ(found.memory_bytes(), 12000000u);
  EXPECT_DOUBLE_EQ(found.cartesian_size(), 1e12);
}

// With more knobs, fewer configurations fill the memory.
TEST(SpaceTest, RefusesWhatMemoryCannotHold) {
  std::vector<Knob> knobs;
  knobs.reserve(3000);
  for (int i = 0; i < 3000; ++i) knobs.push_back(knob("k" + std::to_string(i), {0, 1}));
  try {
    Space(knobs).enumerate();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "more than 357913 configurations of 3000 knobs are valid: add constraints to "
                 "[require], or remove knobs");
  }
}

// The knobs that the last constraint reads have 2^72 combinations, more than a 64-bit number can
// count.
TEST(SpaceTest, ConstraintsMayReadManyKnobs) {
  std::vector<Knob> knobs;
  std::string sum = "0";
  for (int i = 0; i < 18; ++i) {
    const std::string name = "k" + std::to_string(i);
    knobs.push_back(knob(name, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
    sum += " + " + name;
  }
  Space space(knobs);
  for (int i = 1; i < 18; ++i) {
    space.where("k" + std::to_string(i) + " <= k" + std::to_string(i - 1));
  }
  space.where("k0 < 2").where(sum + " == 1");
  Configuration expected(18, 0);
  expected[0] = 1;
  EXPECT_EQ(all_of(space.enumerate()), (std::vector<Configuration>{expected}));
}

TEST(SpaceTest, KnobsWithOneValueAndNoKnobs) {
  EXPECT_EQ(all_of(Space({knob("a", {5}), knob("b", {6})}).enumerate()),
            (std::vector<Configuration>{{5, 6}}));
  EXPECT_EQ(all_of(Space({}).enumerate()), (std::vector<Configuration>{{}}));
  EXPECT_EQ(all_of(Space({knob("a", {5}), knob("b", {6, 7})}).where("a + b == 12").enumerate()),
            (std::vector<Configuration>{{5, 7}}));
}

TEST(SpaceTest, FindsEveryConfigurationAndNoOther) {
  const SearchSpace space = published("dedispersion");
  for (std::size_t i = 0; i < space.size(); ++i) ASSERT_EQ(space.find(space[i]), i);
  Configuration other = space[0];
  other[3] = 77;  // not a value of the knob
  EXPECT_EQ(space.find(other), std::nullopt);
  EXPECT_EQ(space.find({}), std::nullopt);
  EXPECT_EQ(space.find_levels(std::vector<int>{5, 28, 0, 0, 0, 0, 0, 0}),
            std::nullopt);  // 32 * 256
}

TEST(SpaceTest, NeighboursDifferInOneKnob) {
  Space space({knob("a", {8, 1, 4, 2}), knob("b", {0, 1, 2}), knob("c", {3, 1, 2})});
  space.where("a * c <= 12").where("b != 1 || c == 1");
  const SearchSpace found = space.enumerate();
  for (const bool adjacent : {false, true}) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      std::vector<std::size_t> expected;
      for (std::size_t j = 0; j < found.size(); ++j) {
        int different = 0;
        bool near = true;
        for (std::size_t k = 0; k < 3; ++k) {
          const std::int64_t x = found[i][k], y = found[j][k];
          if (x == y) continue;
          ++different;
          const auto [low, high] = std::minmax(x, y);
          for (const std::int64_t v : space.knobs[k].values) near &= v <= low || v >= high;
        }
        if (different == 1 && (near || !adjacent)) expected.push_back(j);
      }
      std::vector<std::size_t> neighbours = found.neighbours(i, adjacent);
      std::sort(neighbours.begin(), neighbours.end());
      EXPECT_EQ(neighbours, expected) << i << (adjacent ? " adjacent" : "");
    }
  }
}

TEST(SpaceTest, NamedAndBooleanKnobsHaveNoOrder) {
  Knob raster = knob("raster", {0, 1, 2});
  raster.kind = Knob::Kind::word;
  raster.words = {"along_m", "along_n", "hilbert"};
  Space space({raster, knob("a", {1, 2, 3})});
  const SearchSpace found = space.enumerate();
  const std::size_t index = *found.find(Configuration{0, 1});
  std::vector<Configuration> neighbours;
  for (const std::size_t i : found.neighbours(index, true)) neighbours.push_back(found[i]);
  EXPECT_EQ(neighbours, (std::vector<Configuration>{{1, 1}, {2, 1}, {0, 2}}));
}

TEST(SpaceTest, DefaultIsTheFirstValuesOrSharesTheLongestPrefix) {
  const std::vector<Knob> knobs{knob("a", {4, 2}), knob("b", {9, 5}), knob("c", {1, 0})};
  const SearchSpace all = Space(knobs).enumerate();
  EXPECT_EQ(all[all.default_index()], (Configuration{4, 9, 1}));
  const SearchSpace some = Space(knobs).where("a != 4 || b != 9").enumerate();
  EXPECT_EQ(some[some.default_index()], (Configuration{4, 5, 1}));
}

TEST(SpaceTest, AnEmptySpaceSaysWhy) {
  const std::vector<Knob> knobs{knob("a", {1, 2, 3, 4}), knob("b", {5, 6})};
  EXPECT_EQ(
      Space(knobs).where("a < 3", "a is small").where("b > a + 9", "b is far").error(),
      "no configuration is valid: \"b is far\" (b > a + 9) rejects all 8 combinations of knob "
      "values");
  EXPECT_EQ(Space(knobs, {7}).where("dim0 % 2 == 0", "the dim is even").error(),
            "no configuration is valid: \"the dim is even\" (dim0 % 2 == 0) rejects all 8 "
            "combinations of knob values");
  EXPECT_EQ(Space(knobs).where("a >= 4", "a is large").where("a * b < 20", "fits").error(),
            "no configuration is valid: of 8 combinations of knob values, \"a is large\" (a >= 4) "
            "rejects the most, 6, and other constraints the rest");
}

TEST(SpaceTest, AKernelThatDoesNotServeTheProblemSaysSo) {
  KernelSpec kernel;
  kernel.op = "gemm";
  kernel.name = "simt";
  kernel.first_knob = kernel.names.add("device.cc") + 1;
  kernel.names.add("a");
  kernel.knobs = {knob("a", {1, 2})};
  kernel.needs = {"needs", Expr::parse("device.cc >= 80", kernel.names)};
  EXPECT_EQ(SearchSpace::enumerate(kernel, {80, 0}).size(), 2u);
  const auto served = SearchSpace::try_enumerate(kernel, {80, 0});
  ASSERT_TRUE(std::holds_alternative<SearchSpace>(served));
  EXPECT_EQ(std::get<SearchSpace>(served).size(), 2u);
  const std::string reason =
      "kernel gemm/simt does not serve this problem on this device: it needs device.cc >= 80";
  const auto refused = SearchSpace::try_enumerate(kernel, {75, 0});
  ASSERT_TRUE(std::holds_alternative<NoSpace>(refused));
  EXPECT_EQ(std::get<NoSpace>(refused).reason, reason);
  EXPECT_TRUE(std::get<NoSpace>(refused).is_empty);
  try {
    SearchSpace::enumerate(kernel, {75, 0});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), reason);
  }
}

TEST(SpaceTest, ASpaceThatCannotBeCountedIsNotCalledEmpty) {
  KernelSpec kernel;
  kernel.op = "gemm";
  kernel.name = "simt";
  const auto why = [&](std::vector<Knob> knobs) {
    kernel.knobs = std::move(knobs);
    const auto found = SearchSpace::try_enumerate(kernel, {});
    EXPECT_TRUE(std::holds_alternative<NoSpace>(found));
    return std::get<NoSpace>(found);
  };
  const NoSpace none = why({knob("a", {})});
  EXPECT_FALSE(none.is_empty);
  EXPECT_EQ(none.reason, "kernel gemm/simt: knob a has 0 values: 1 to 65536 are allowed");
  kernel.first_knob = kernel.names.add("c");
  kernel.require = {{"never", Expr::parse("c > 1", kernel.names)}};
  EXPECT_TRUE(why({knob("c", {1})}).is_empty);
}

TEST(SpaceTest, AConfigurationIsFoundByItsText) {
  const SearchSpace space =
      SearchSpace::from_list({knob("a", {4, 2}), knob("b", {9, 5})}, {{2, 9}, {4, 5}, {4, 9}});
  EXPECT_EQ(space.find_text("a=4 b=5"), 1u);
  EXPECT_EQ(space.find_text("b=9 a=2"), 2u);
  for (const char* other : {"a=2 b=5", "a=3 b=9", "a=2", "a=2 b=9 c=1", "a=2 a=2 b=9", "a", ""}) {
    EXPECT_EQ(space.find_text(other), std::nullopt) << other;
  }
}

TEST(SpaceTest, ListsAreSortedAndUnique) {
  const std::vector<Knob> knobs{knob("a", {4, 2}), knob("b", {9, 5})};
  const SearchSpace space = SearchSpace::from_list(knobs, {{2, 9}, {4, 5}, {4, 9}});
  EXPECT_EQ(all_of(space), (std::vector<Configuration>{{4, 9}, {4, 5}, {2, 9}}));
  EXPECT_EQ(space.find(Configuration{2, 9}), 2u);
  EXPECT_EQ(space.find(Configuration{2, 5}), std::nullopt);
  EXPECT_THROW(SearchSpace::from_list(knobs, {{2, 9}, {4, 5}, {2, 9}}), Error);
  EXPECT_THROW(SearchSpace::from_list(knobs, {{2, 8}}), Error);
  EXPECT_THROW(SearchSpace::from_list(knobs, {{2}}), Error);
  EXPECT_THROW(SearchSpace::from_list(knobs, {}), Error);
  std::vector<std::int64_t> too_many(65537);
  std::iota(too_many.begin(), too_many.end(), 0);
  EXPECT_THROW(SearchSpace::from_list({knob("a", too_many)}, {{1}}), Error);
  EXPECT_THROW(Space({knob("a", too_many)}).enumerate(), Error);
}

TEST(SpaceTest, ConfigurationsHaveATextThatReadsBack) {
  Knob swizzle = knob("swizzle", {1, 0});
  swizzle.kind = Knob::Kind::boolean;
  Knob raster = knob("raster", {0, 1});
  raster.kind = Knob::Kind::word;
  raster.words = {"along_m", "along_n"};
  const std::vector<Knob> knobs{knob("block_m", {128, 64}), swizzle, raster};
  const Configuration configuration{64, 1, 1};
  const std::string text = "block_m=64 swizzle=true raster=along_n";
  EXPECT_EQ(text_of(knobs, configuration), text);
  EXPECT_EQ(configuration_from(knobs, text), configuration);
  EXPECT_EQ(configuration_from(knobs, "  raster=along_n   swizzle=true block_m=64 "),
            configuration);
  const std::pair<const char*, const char*> wrong[] = {
      {"block_m=64 swizzle=true", "the configuration lacks knob raster"},
      {"block_m=64 block_m=64", "knob block_m is given twice"},
      {"block_m=65", "knob block_m has no value '65': it has 128, 64"},
      {"blok_m=64", "there is no knob 'blok_m'; did you mean 'block_m'?"},
      {"block_m", "'block_m' in a configuration: expected knob=value"},
  };
  for (const auto& [input, message] : wrong) {
    try {
      configuration_from(knobs, input);
      ADD_FAILURE() << input;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
}

}  // namespace
}  // namespace tw
