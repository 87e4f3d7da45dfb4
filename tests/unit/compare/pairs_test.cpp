// Which winners of two databases belong together, and the ratios of their times.
#include "compare/pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tw {
namespace {

Situation situation(const std::string& device, Source source = Source::measured,
                    const std::string& problem = "gemm f32 m=1,n=1,k=1",
                    const std::string& limits = "cc=90") {
  Situation one;
  one.op = "gemm";
  one.problem = problem;
  one.device_model = device;
  one.device_limits = limits;
  one.source = source;
  return one;
}

Pairing paired(const std::vector<Situation>& first, const std::vector<Situation>& second) {
  std::vector<const Situation*> a, b;
  for (const Situation& one : first) a.push_back(&one);
  for (const Situation& one : second) b.push_back(&one);
  return pair_winners(a, b);
}

using Pairs = std::vector<WinnerPair>;
using Indices = std::vector<std::size_t>;

TEST(PairWinners, PairsTheSameProblemOnDifferentDevices) {
  const Pairing found = paired({situation("H200")}, {situation("H100")});
  EXPECT_EQ(found.pairs, (Pairs{{0, 0}}));
  EXPECT_TRUE(found.only_first.empty());
  EXPECT_TRUE(found.only_second.empty());
}

TEST(PairWinners, OpTextAndL2StateMustAgree) {
  Situation other_op = situation("H200"), warm = situation("H200");
  other_op.op = "mine";
  warm.l2 = L2::warm;
  const Situation other_text = situation("H200", Source::measured, "gemm f16 m=1,n=1,k=1");
  const Pairing found = paired({situation("H200")}, {other_op, warm, other_text});
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(found.only_first, (Indices{0}));
  EXPECT_EQ(found.only_second, (Indices{0, 1, 2}));
}

TEST(PairWinners, TheSameDeviceComesBeforeTheSameSource) {
  const Pairing found = paired({situation("H200"), situation("H100")},
                               {situation("H100", Source::imported), situation("H200")});
  EXPECT_EQ(found.pairs, (Pairs{{0, 1}, {1, 0}}));
}

TEST(PairWinners, APartnerOfTheSameDeviceIsNotPairedAgain) {
  const Pairing found = paired({situation("H100"), situation("H200")}, {situation("H200")});
  EXPECT_EQ(found.pairs, (Pairs{{1, 0}}));
  EXPECT_EQ(found.only_first, (Indices{0}));
}

TEST(PairWinners, OtherLimitsOfADeviceAreBetterThanAnotherDevice) {
  const Pairing found = paired(
      {situation("H200")},
      {situation("A100"), situation("H200", Source::measured, "gemm f32 m=1,n=1,k=1", "cc=91")});
  EXPECT_EQ(found.pairs, (Pairs{{0, 1}}));
  EXPECT_EQ(found.only_second, (Indices{0}));
}

TEST(PairWinners, WhatIsLeftIsComparedWithAllThatIsLeft) {
  const Pairing found = paired({situation("H200")}, {situation("H100"), situation("A100")});
  EXPECT_EQ(found.pairs, (Pairs{{0, 0}, {0, 1}}));
}

Measurement samples(std::vector<double> ns) {
  Measurement measurement;
  measurement.samples_ns = std::move(ns);
  return measurement;
}

TEST(TimeRatio, DividesTheBoundsCrosswise) {
  const TimeRatio found =
      ratio_of(samples({190, 195, 199, 201, 205, 210}), samples({95, 98, 99, 101, 102, 110}));
  EXPECT_DOUBLE_EQ(found.ratio, 2);
  ASSERT_TRUE(found.interval);
  EXPECT_DOUBLE_EQ(found.interval->low, 190.0 / 110);
  EXPECT_DOUBLE_EQ(found.interval->high, 210.0 / 95);
}

TEST(TimeRatio, FewSamplesHaveNoInterval) {
  const Measurement five = samples({198, 199, 200, 201, 202});
  const Measurement six = samples({197, 198, 199, 201, 202, 203});
  EXPECT_TRUE(ratio_of(six, six).interval);
  EXPECT_FALSE(ratio_of(five, six).interval);
  EXPECT_FALSE(ratio_of(six, five).interval);
  EXPECT_DOUBLE_EQ(ratio_of(samples({200}), samples({100})).ratio, 2);
}

// The claim of docs/compare.md: for skewed times of two equal kernels the interval contains 1 in at
// least 95 % of all cases.
TEST(TimeRatio, TheIntervalIsConservative) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> noise(0, 0.05);
  const auto measured = [&](std::size_t count) {
    std::vector<double> ns(count);
    for (double& one : ns) one = 1000 * noise(random);
    return samples(ns);
  };
  int covered = 0;
  constexpr int repetitions = 2000;
  for (int i = 0; i < repetitions; ++i) {
    const Interval interval = *ratio_of(measured(45), measured(15 + i % 60)).interval;
    if (interval.low <= 1 && interval.high >= 1) ++covered;
  }
  EXPECT_GE(covered, 0.95 * repetitions);
  EXPECT_LT(covered, repetitions) << "the interval would say nothing";
}

}  // namespace
}  // namespace tw
