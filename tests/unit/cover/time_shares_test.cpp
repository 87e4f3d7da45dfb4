#include "cover/time_shares.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tw {
namespace {

class TimeSharesTest : public testing::Test {
 protected:
  TimeShares shares(double seconds, std::size_t ranges) {
    return TimeShares(seconds, ranges, [this] { return now_; });
  }
  void pass(double seconds) {
    now_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
  }
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(TimeSharesTest, EachRangeGetsAnEqualPart) {
  TimeShares shares = this->shares(300, 3);
  for (int range = 0; range < 3; ++range) {
    shares.begin_range();
    EXPECT_NEAR(shares.left_s(), 100, 1e-6) << range;
    pass(99.5);
    EXPECT_FALSE(shares.is_over()) << range;
    pass(0.5);
    EXPECT_TRUE(shares.is_over()) << range;
  }
}

TEST_F(TimeSharesTest, WhatARangeLeavesGoesToTheOthers) {
  TimeShares shares = this->shares(300, 3);
  shares.begin_range();  // everything is known
  shares.begin_range();
  EXPECT_NEAR(shares.left_s(), 150, 1e-6);
  pass(250);  // a race took longer
  shares.begin_range();
  EXPECT_NEAR(shares.left_s(), 50, 1e-6);
  pass(60);
  EXPECT_TRUE(shares.is_over());
  EXPECT_GT(shares.left_s(), 0) << "0 would mean no bound";
}

TEST_F(TimeSharesTest, ShapesAreTunedInTheFirstTwoThirds) {
  TimeShares shares = this->shares(200, 2);
  shares.begin_range();
  EXPECT_NEAR(shares.search_s(10), 2.6, 1e-6) << "0.4 of 0.65 of 100 s";
  EXPECT_EQ(shares.search_s(1000), 1) << "shorter searches find nothing";
  pass(64);
  EXPECT_TRUE(shares.may_tune());
  pass(2);
  EXPECT_FALSE(shares.may_tune());
  EXPECT_FALSE(shares.is_over());
}

TEST_F(TimeSharesTest, WithoutATimeNothingIsBounded) {
  TimeShares shares = this->shares(0, 2);
  shares.begin_range();
  pass(1e6);
  EXPECT_TRUE(shares.may_tune());
  EXPECT_FALSE(shares.is_over());
  EXPECT_EQ(shares.left_s(), 0);
  EXPECT_EQ(shares.search_s(3), 0);
}

}  // namespace
}  // namespace tw
