// Chooses the few configurations with which a set of problems loses least.
#pragma once
#include <cstddef>
#include <limits>
#include <vector>

namespace tw {

// The slowdowns of configurations on problems: slowdown[problem][configuration] is the time divided
// by the fastest time that was measured on the problem, so the fastest configuration has 1. It is
// infinite if the configuration does not serve the problem or was not measured on it. Each problem
// has a finite one.
using Slowdowns = std::vector<std::vector<double>>;
inline constexpr double not_measured = std::numeric_limits<double>::infinity();

struct Portfolio {
  std::vector<std::size_t> members;  // the configurations, in ascending order
  std::vector<std::size_t> choice;   // for each problem the fastest member
  double worst = 1, mean = 1;        // of the slowdowns of these choices
  bool is_optimal = true;            // No other portfolio of this size is better.
};

// Returns the portfolio of at most `most` configurations with the least worst slowdown, and among
// these the one with the least mean. A large search is cut short; then a greedy choice with
// exchanges takes its place, and is_optimal is false. Returns no members if `most` configurations
// cannot serve all problems, or if the search was cut short before it found some that can.
Portfolio portfolio_of(const Slowdowns& slowdowns, std::size_t most);
// Returns the smallest portfolio whose worst slowdown is at most `worst`, which is at least 1.
Portfolio portfolio_within(const Slowdowns& slowdowns, double worst);

}  // namespace tw
