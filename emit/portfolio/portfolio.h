// Chooses the few configurations with which a set of problems loses least.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace tw {

// The slowdowns of configurations on problems: slowdown[problem][configuration] is the time divided
// by the fastest time that was measured on the problem, so the fastest configuration has 1. It is
// infinite if the configuration does not serve the problem or was not measured on it. Each problem
// has a finite one.
using Slowdowns = std::vector<std::vector<double>>;
inline constexpr double not_measured = std::numeric_limits<double>::infinity();

// The limits of a portfolio.
struct PortfolioBudget {
  std::size_t most = std::numeric_limits<std::size_t>::max();  // configurations
  std::vector<std::int64_t> bytes{};  // the code of each configuration; empty: no size counts
  std::int64_t most_bytes = 0;        // the code of all members
  // A configuration whose code serves only some problems is compiled several times. Each code is a
  // column of Slowdowns and has a size; `most` counts columns with equal numbers once. Empty: each
  // column is a configuration of its own.
  std::vector<std::size_t> configuration{};

  std::int64_t bytes_of(std::size_t column) const { return bytes.empty() ? 0 : bytes[column]; }
  std::size_t configuration_of(std::size_t column) const {
    return configuration.empty() ? column : configuration[column];
  }
};

struct Portfolio {
  std::vector<std::size_t> members;  // the configurations, in ascending order
  std::vector<std::size_t> choice;   // for each problem the fastest member
  double worst = 1, mean = 1;        // of the slowdowns of these choices
  bool is_optimal = true;            // No other portfolio within the budget is better.
};

// Returns the portfolio within the budget with the least worst slowdown, and among these the one
// with the least mean. A large search is cut short; then a greedy choice with exchanges takes its
// place, and is_optimal is false. Returns no members if no portfolio within the budget can serve
// all problems, or if the search was cut short before it found one that can.
Portfolio portfolio_of(const Slowdowns& slowdowns, const PortfolioBudget& budget);
Portfolio portfolio_of(const Slowdowns& slowdowns, std::size_t most);
// Returns the portfolio of the fewest configurations whose worst slowdown is at most `worst`, which
// is at least 1. If the budget has none, the worst slowdown is larger, or there are no members.
Portfolio portfolio_within(const Slowdowns& slowdowns, double worst,
                           const PortfolioBudget& budget = {});
// Returns the portfolio with the least bytes that serves all problems with at most this slowdown.
// `most_bytes` of the budget does not count.
Portfolio smallest_portfolio(const Slowdowns& slowdowns, double worst, PortfolioBudget budget);

}  // namespace tw
