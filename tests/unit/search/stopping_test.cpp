#include "search/stopping.h"

#include <gtest/gtest.h>

#include <limits>

namespace tw {
namespace {

constexpr double failed = std::numeric_limits<double>::infinity();

TEST(StoppingRule, IsSureOnlyOfTheWholeSpace) {
  StoppingRule rule(3);
  EXPECT_EQ(rule.certificate().confidence, 0);
  rule.tell(5);
  rule.tell(failed);
  EXPECT_LT(rule.certificate().confidence, 1);
  rule.tell(7);
  EXPECT_EQ(rule.certificate().confidence, 1);
  EXPECT_EQ(rule.certificate().ratio, 1);
  EXPECT_TRUE(rule.may_stop());
}

// Returns the number of evaluations after which the rule allows to stop, after a gain at evaluation
// `gain`.
std::int64_t stops_after(std::int64_t gain, std::size_t space_size) {
  StoppingRule rule(space_size);
  for (std::int64_t i = 1; !rule.may_stop(); ++i) rule.tell(i < gain ? 100 : 50);
  return rule.evaluations();
}

TEST(StoppingRule, WaitsLongerTheLaterTheLastGainWas) {
  EXPECT_GT(stops_after(400, 10'000), stops_after(200, 10'000) + 300);
  EXPECT_EQ(stops_after(3, 10'000), stops_after(90, 10'000)) << "the first few say little";
}

TEST(StoppingRule, StopsSoonerInASmallSpace) {
  EXPECT_LT(stops_after(100, 500), stops_after(100, 1'000'000));
  EXPECT_LE(stops_after(100, 500), 500);
}

TEST(StoppingRule, CountsFromTheFirstThatWasGoodEnough) {
  StoppingRule late(10'000), early(10'000);
  for (int i = 1; i <= 300; ++i) {
    late.tell(i < 200 ? 104 : 100);   // a gain of 4 % at 200
    early.tell(i < 200 ? 102 : 100);  // a gain of 2 %, which does not count
  }
  EXPECT_GT(early.certificate().confidence, late.certificate().confidence);
}

TEST(StoppingRule, WhatIsExcludedIsNoPartOfTheSpace) {
  StoppingRule rule(3);
  rule.tell(5);
  rule.exclude();
  EXPECT_LT(rule.certificate().confidence, 1);
  rule.tell(7);
  EXPECT_EQ(rule.certificate().confidence, 1);
  EXPECT_EQ(rule.evaluations(), 2);
}

TEST(StoppingRule, SaysNothingOfASpaceInWhichNothingWorked) {
  StoppingRule rule(1000);
  for (int i = 0; i < 500; ++i) rule.tell(failed);
  EXPECT_EQ(rule.certificate().confidence, 0);
}

TEST(Certificate, IsPutInWords) {
  EXPECT_EQ(text_of(Certificate{.confidence = 0.957}), "95 % confident within 3 % of the optimum");
  EXPECT_EQ(text_of(Certificate{.confidence = 0.49}), "");
  EXPECT_EQ(text_of(Certificate{.confidence = 1}), "the optimum: the whole space was evaluated");
}

}  // namespace
}  // namespace tw
