#include "cover/loss.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <vector>

namespace tw {
namespace {

constexpr double unknown = std::numeric_limits<double>::infinity();
using Forecasts = std::vector<std::optional<double>>;

// Shapes 2 and 0 are the nearest ones.
const std::vector<double> distances{2, 9, 1};

double loss(const std::vector<std::vector<double>>& slowdowns, const Forecasts& forecasts = {}) {
  return expected_loss(distances, slowdowns, forecasts);
}

TEST(ExpectedLoss, IsWhatTheNearestWinnersLoseOnEachOthersShape) {
  EXPECT_EQ(loss({{1, 8, 2}, {8, 1, 8}, {1.5, 8, 1}}), 1) << "the winner of 2 on shape 0";
  EXPECT_EQ(loss({{1, 8, 1.5}, {8, 1, 8}, {2, 8, 1}}), 1) << "the winner of 0 on shape 2";
  EXPECT_EQ(loss({{1, 8, 1}, {8, 1, 8}, {1, 8, 1}}), 0) << "what is far away does not matter";
}

TEST(ExpectedLoss, TakesWhatWasMeasured) {
  EXPECT_EQ(loss({{1, 8, unknown}, {8, 1, 8}, {2, 8, 1}}), 1);
  EXPECT_EQ(loss({{1, 8, 2}, {8, 1, 8}, {unknown, 8, 1}}), 1);
  EXPECT_EQ(loss({{1, 8, unknown}, {8, 1, 8}, {unknown, 8, 1}}), 0);
}

TEST(ExpectedLoss, AddsWhatTheForecastsSayAgainstTheNearestWinner) {
  const std::vector<std::vector<double>> equal(3, std::vector<double>(3, 1));
  EXPECT_EQ(loss(equal, {100, 200, 200}), 1);
  EXPECT_EQ(loss(equal, {200, 200, 100}), 0) << "it is the best";
  EXPECT_EQ(loss(equal, {100, 100, 1000}), 2) << "no more than a factor of 4";
  EXPECT_EQ(loss(equal, {100, 100, std::nullopt}), 2) << "the nearest winner cannot run";
  EXPECT_EQ(loss(equal, {std::nullopt, 100, 200}), 1);
  EXPECT_EQ(loss(equal, {std::nullopt, std::nullopt, std::nullopt}), 0);
  EXPECT_EQ(loss({{1, 8, 2}, {8, 1, 8}, {1, 8, 1}}, {100, 200, 200}), 2) << "the sum";
}

TEST(ExpectedLoss, OfOneShapeIsNotKnown) {
  EXPECT_EQ(expected_loss(std::vector<double>{1}, std::vector<std::vector<double>>{{1}}, {}), 0);
}

}  // namespace
}  // namespace tw
