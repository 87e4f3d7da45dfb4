// Checks the claims of docs/measuring.md about the final race by simulation with fixed seeds.
// tests/bench/race_simulation prints the table there.
#include "unit/search/race_simulation.h"

#include <gtest/gtest.h>

namespace tw {
namespace {

constexpr int pairs = 1000;
constexpr Noise quiet{};
constexpr Noise disturbed{.disturbed = 0.1};

TEST(RaceSimulation, PairsOfOneKernelAreTied) {
  for (const Noise& noise : {quiet, disturbed}) {
    const RaceTally tally = simulated_races(0, noise, pairs);
    EXPECT_LE(tally.slower + tally.wrong, pairs * 0.05);
  }
}

TEST(RaceSimulation, PlantedDifferencesAreFound) {
  EXPECT_GE(simulated_races(0.005, quiet, pairs).slower, pairs * 0.8);
  for (const double planted : {0.01, 0.02, 0.03}) {
    EXPECT_GE(simulated_races(planted, quiet, pairs).slower, pairs * 0.98) << planted;
  }
}

TEST(RaceSimulation, OneRoundInTenDisturbedHidesLittle) {
  EXPECT_GE(simulated_races(0.005, disturbed, pairs).slower, pairs * 0.65);
  for (const double planted : {0.01, 0.02, 0.03}) {
    EXPECT_GE(simulated_races(planted, disturbed, pairs).slower, pairs * 0.85) << planted;
  }
}

TEST(RaceSimulation, DisturbancesDoNotCrownASlowerKernel) {
  EXPECT_LE(simulated_races(0.005, disturbed, pairs).crowned, pairs * 0.05);
  EXPECT_LE(simulated_races(0.01, disturbed, pairs).crowned, pairs * 0.003);
  for (const double planted : {0.02, 0.03}) {
    EXPECT_EQ(simulated_races(planted, disturbed, pairs).crowned, 0) << planted;
  }
}

}  // namespace
}  // namespace tw
