#include "cover/regret.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tw {
namespace {

TEST(Regret, IsTheDistributionOfSlowdowns) {
  std::vector<double> slowdowns(19, 1.0);
  slowdowns.insert(slowdowns.begin(), 2.0);
  const Regret regret = regret_of(slowdowns);
  EXPECT_EQ(regret.count, 20u);
  EXPECT_NEAR(regret.geomean, std::exp2(1.0 / 20), 1e-12);
  EXPECT_EQ(regret.p95, 1) << "19 of 20";
  EXPECT_EQ(regret.worst, 2);
  EXPECT_EQ(regret_of({1.0, 3.0}).p95, 3);
  EXPECT_EQ(regret_of({}).worst, 1);
}

}  // namespace
}  // namespace tw
