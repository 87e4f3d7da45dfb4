// The memory of a program's thread for its choices.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "emit/emitted/selection.h"
#include "unit/support/h200.h"

namespace tw {
namespace {

struct Call {
  std::int64_t m = 0, align = 16;
};

// A header with one tuned problem, m=1. Branch 0 serves odd sizes, and branch 1, which needs more
// than 132 SMs, the others. It counts the choices.
struct Counted {
  using Query = dispatch::Query<Call, 1>;
  using Dims = dispatch::Members<Call, &Call::m>;
  using Choices = dispatch::Members<Call>;
  using Axes = dispatch::Axes<Call, &Call::m>;
  static constexpr int branch_count = 2;
  static constexpr std::int64_t tuned_cc = 90, tuned_sms = 132;
  static constexpr std::array<dispatch::Row<Query>, 1> tuned{{{0, {{1, 16}, 0, {0}}, 1.0, ""}}};
  static constexpr std::array<dispatch::Fallback<Query>, 1> defaults{{{1, {{1, 16}, 0, {0}}}}};
  static constexpr auto tuned_places = dispatch::places_of<Axes>(tuned);
  static constexpr std::array<std::array<double, 2>, 1> tuned_residuals{{{{0, 0}}}};

  static constexpr const auto& rows() { return tuned; }
  static constexpr const auto& fallbacks() { return defaults; }
  static constexpr const auto& places() { return tuned_places; }
  static constexpr const auto& residuals() { return tuned_residuals; }
  static constexpr double forecast(int, const Query&, const dispatch::Device&) { return 1; }
  static bool serves(int branch, const Call& call, const dispatch::Device& device) {
    if (branch == 0) ++choices;  // it is asked first, once for each choice
    return branch == 0 ? call.m % 2 != 0 : device.sms > 132;
  }
  static inline int choices = 0;
};

class RecentChoicesTest : public testing::Test {
 protected:
  RecentChoicesTest() { Counted::choices = 0; }
  int branch_of(std::int64_t m, int scalar = 0) {
    return recent_.of({{m, 16}, 0, {scalar}}, device_).branch;
  }
  dispatch::RecentChoices<Counted> recent_;
  dispatch::Device device_ = h200<dispatch::Device>();
};

TEST_F(RecentChoicesTest, ACallIsChosenOnce) {
  for (int round = 0; round < 10; ++round) EXPECT_EQ(branch_of(33), 0);
  EXPECT_EQ(Counted::choices, 1);
  EXPECT_EQ(branch_of(34), -1) << "nothing serves it";
  EXPECT_EQ(branch_of(34), -1);
  EXPECT_EQ(Counted::choices, 2) << "this is remembered, too";
  branch_of(33, 2);
  EXPECT_EQ(Counted::choices, 3) << "another class of a scalar is another call";
}

TEST_F(RecentChoicesTest, FourCallsAreRememberedWhateverTheirHashes) {
  for (std::int64_t first = 3; first < 20'003; first += 100) {
    Counted::choices = 0;
    for (int round = 0; round < 5; ++round) {
      for (std::int64_t i = 0; i < 4; ++i) EXPECT_EQ(branch_of(first + 2 * i), 0);
    }
    ASSERT_EQ(Counted::choices, 4) << first;
  }
}

TEST_F(RecentChoicesTest, TheOldestIsForgottenAndChosenAgain) {
  EXPECT_EQ(branch_of(33), 0);
  for (std::int64_t m = 100; m < 1100; ++m) EXPECT_EQ(branch_of(m), m % 2 != 0 ? 0 : -1) << m;
  Counted::choices = 0;
  EXPECT_EQ(branch_of(33), 0);
  EXPECT_EQ(Counted::choices, 1);
  EXPECT_EQ(branch_of(33), 0);
  EXPECT_EQ(Counted::choices, 1);
}

TEST_F(RecentChoicesTest, AnotherDeviceChoosesAnew) {
  EXPECT_EQ(branch_of(34), -1);
  device_.sms = 160;
  EXPECT_EQ(branch_of(34), 1) << "what another GPU chose does not count";
  EXPECT_EQ(Counted::choices, 2);
  device_.ordinal = 3;
  EXPECT_EQ(branch_of(34), 1);
  EXPECT_EQ(Counted::choices, 2) << "a GPU of the same kind";
  device_.sms = 132;
  EXPECT_EQ(branch_of(34), -1);
}

}  // namespace
}  // namespace tw
