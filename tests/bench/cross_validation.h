// How good auto is on kernels for which nothing about it was chosen.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "recorded_runs.h"
#include "search/strategies/auto.h"

namespace tw {

struct Variant {
  std::string name;
  AutoSettings settings;
};
// The settings as they are, and each changed alone, to less and to more.
std::vector<Variant> variants_of_auto();

// By space, then budget: the median over runs of best found / optimum.
using Ratios = std::vector<std::vector<double>>;

struct LeftOut {
  std::string family;
  std::size_t chosen = 0;      // the variant that is best on all other families
  std::vector<double> ratios;  // its geometric means on this family, by budget
};
// Leaves each family of spaces out in turn. Families count the same, however many spaces they have,
// and so do budgets: the best variant has the least mean logarithm of ratios.
std::vector<LeftOut> cross_validate(std::span<const RecordedSpace> spaces,
                                    std::span<const Ratios> by_variant);

}  // namespace tw
