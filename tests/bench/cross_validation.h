// Measures how good auto is on kernels that were not used to choose its settings.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "recorded_runs.h"
#include "search/strategies/auto.h"

namespace tw {

// One choice of auto's settings.
struct Variant {
  std::string name;
  AutoSettings settings;
};
// Returns the settings unchanged, and with each one changed alone, to a smaller and to a larger
// value.
std::vector<Variant> variants_of_auto();

// The median over runs of best found / optimum, by space and then by budget.
using Ratios = std::vector<std::vector<double>>;

// The result for a family that was left out.
struct LeftOut {
  std::string family;
  std::size_t chosen = 0;      // the best variant on all other families
  std::vector<double> ratios;  // its geometric means on this family, by budget
};
// Leaves each family of spaces out in turn. All families count the same, however many spaces they
// have, and all budgets count the same. The best variant has the smallest mean logarithm of ratios.
std::vector<LeftOut> cross_validate(std::span<const RecordedSpace> spaces,
                                    std::span<const Ratios> by_variant);

}  // namespace tw
