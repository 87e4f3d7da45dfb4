#include "core/base/statistics.h"

#include <gtest/gtest.h>

namespace tw {
namespace {

std::vector<double> one_to(int n) {
  std::vector<double> values;
  for (int i = n; i >= 1; --i) values.push_back(i);
  return values;
}

TEST(Statistics, Median) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({4, 1}), 2.5);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median(one_to(100)), 50.5);
}

// Ranks from tables of the two-sided sign test at 5 %: n = 5 has none, n = 6..8 take the extremes,
// n = 9..11 the second, n = 12..14 the third, n = 25 the eighth, n = 50 the eighteenth.
TEST(Statistics, IntervalOfTheMedian) {
  const auto ranks = [](int n) {
    const Interval interval = median_interval(one_to(n));
    return std::pair{interval.low, interval.high};
  };
  EXPECT_EQ(ranks(1), (std::pair{1.0, 1.0}));
  EXPECT_EQ(ranks(5), (std::pair{1.0, 5.0}));
  EXPECT_EQ(ranks(6), (std::pair{1.0, 6.0}));
  EXPECT_EQ(ranks(8), (std::pair{1.0, 8.0}));
  EXPECT_EQ(ranks(9), (std::pair{2.0, 8.0}));
  EXPECT_EQ(ranks(11), (std::pair{2.0, 10.0}));
  EXPECT_EQ(ranks(12), (std::pair{3.0, 10.0}));
  EXPECT_EQ(ranks(25), (std::pair{8.0, 18.0}));
  EXPECT_EQ(ranks(50), (std::pair{18.0, 33.0}));
}

TEST(Statistics, IntervalOfManySamples) {
  // Normal approximation: n/2 -+ 1.96 sqrt(n)/2.
  const Interval interval = median_interval(one_to(10000));
  EXPECT_NEAR(interval.low, 4902, 2);
  EXPECT_NEAR(interval.high, 5099, 2);
  EXPECT_EQ(median_interval({}).high, 0);
}

TEST(Statistics, GeometricMean) {
  const std::vector<double> values{1, 4, 16};
  EXPECT_DOUBLE_EQ(geometric_mean(values), 4);
  EXPECT_EQ(geometric_mean({}), 0);
}

}  // namespace
}  // namespace tw
