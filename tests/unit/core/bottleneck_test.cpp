// A kernel's bottleneck, as counters show it.
#include "core/model/bottleneck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace tw {
namespace {

using testing::HasSubstr;

std::map<std::string, double> quiet() {
  return {{"dram_percent", 10},      {"l2_percent", 12},       {"l1_percent", 8},
          {"tensor_percent", 0},     {"fma_percent", 9},       {"alu_percent", 7},
          {"issue_percent", 15},     {"xu_percent", 1},        {"fp64_percent", 0},
          {"sm_active_percent", 98}, {"occupancy_percent", 25}};
}

Bottleneck of(const std::map<std::string, double>& changes) {
  auto metrics = quiet();
  for (const auto& [name, value] : changes) metrics[name] = value;
  return bottleneck(metrics).value();
}

TEST(Bottleneck, NeedsCounters) {
  EXPECT_FALSE(bottleneck({}));
  EXPECT_FALSE(bottleneck({{"sm_clock_mhz", 1980}, {"power_w", 300}}));
}

TEST(Bottleneck, IsThePartThatIsBusiest) {
  EXPECT_EQ(of({{"dram_percent", 91}, {"l2_percent", 70}}).bound, Bound::dram);
  EXPECT_EQ(of({{"tensor_percent", 88}, {"l1_percent", 61}}).bound, Bound::tensor);
  EXPECT_EQ(of({{"fp64_percent", 60}}).bound, Bound::fp64);
  EXPECT_THAT(of({{"dram_percent", 91}}).text, HasSubstr("DRAM: at 91 %"));
}

TEST(Bottleneck, ListsThePartsBusiestFirst) {
  const Bottleneck found = of({{"dram_percent", 91}});
  ASSERT_EQ(found.uses.size(), 9u);
  EXPECT_EQ(found.uses[0].bound, Bound::dram);
  EXPECT_EQ(found.uses[1].bound, Bound::issue);
  EXPECT_DOUBLE_EQ(found.uses[1].percent, 15);
}

TEST(Bottleneck, IsBankConflictsWhereTheyAreMuchOfABusySharedMemory) {
  const Bottleneck found =
      of({{"l1_percent", 84}, {"shared_wavefronts", 1000}, {"bank_conflicts", 900}});
  EXPECT_EQ(found.bound, Bound::bank_conflicts);
  EXPECT_THAT(found.text, HasSubstr("90 % of shared memory's wavefronts are conflicts"));
  EXPECT_EQ(of({{"l1_percent", 84}, {"shared_wavefronts", 1000}, {"bank_conflicts", 20}}).bound,
            Bound::l1);
  EXPECT_EQ(of({{"dram_percent", 84}, {"shared_wavefronts", 1000}, {"bank_conflicts", 900}}).bound,
            Bound::dram);
}

TEST(Bottleneck, IsThePipeRatherThanTheIssueThatFeedsIt) {
  EXPECT_EQ(of({{"issue_percent", 93}, {"fma_percent", 85}}).bound, Bound::fma);
  EXPECT_EQ(of({{"issue_percent", 93}, {"fma_percent", 62}}).bound, Bound::issue);
  EXPECT_EQ(of({{"issue_percent", 93}, {"dram_percent", 90}}).bound, Bound::issue);
}

TEST(Bottleneck, IsIdleSmsWhereNothingIsBusyAndBlocksAreFew) {
  const Bottleneck found = of({{"sm_active_percent", 40}});
  EXPECT_EQ(found.bound, Bound::idle_sms);
  EXPECT_THAT(found.text, HasSubstr("40 % of the time"));
  EXPECT_EQ(of({{"sm_active_percent", 40}, {"dram_percent", 80}}).bound, Bound::dram);
}

TEST(Bottleneck, IsLatencyElseAndSaysWhatWarpsWaitFor) {
  const Bottleneck found =
      of({{"stall_barrier_percent", 20}, {"stall_long_scoreboard_percent", 61}});
  EXPECT_EQ(found.bound, Bound::latency);
  EXPECT_THAT(found.text, HasSubstr("61 % is waiting for loads from global or local memory"));
  EXPECT_THAT(found.text, HasSubstr("25 % of the warps"));
}

TEST(Bottleneck, HasANameForEach) {
  EXPECT_EQ(name_of(Bound::bank_conflicts), "bank conflicts in shared memory");
  EXPECT_EQ(name_of(Bound::idle_sms), "idle SMs");
  EXPECT_EQ(name_of(Bound::latency), "latency");
  EXPECT_EQ(name_of(Bound::xu), "special functions");
}

}  // namespace
}  // namespace tw
