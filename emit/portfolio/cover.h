// The search for configurations that serve all problems within a slowdown.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "emit/portfolio/portfolio.h"

namespace tw {

using Members = std::vector<std::size_t>;

// Returns whether a member is of the column's configuration.
bool holds_configuration(const Members& members, std::size_t column, const PortfolioBudget& budget);
// Returns whether the members are as many configurations as the budget allows.
bool is_full(const Members& members, const PortfolioBudget& budget);

// Finds configurations within a budget such that each problem has one within a slowdown: a set
// cover. The search takes the problem with the fewest candidates first.
class Cover {
 public:
  // The slowdowns and the budget must outlive the object.
  Cover(const Slowdowns& slowdowns, double within, const PortfolioBudget& budget)
      : slowdowns_(slowdowns), within_(within), budget_(budget) {}

  // Returns nothing if there is no cover, or if the search was cut short.
  std::optional<Members> find();
  bool was_cut_short() const { return steps_ > most_steps; }

 private:
  static constexpr int most_steps = 20'000;

  bool is_covered(const std::vector<double>& row) const;
  // Returns the uncovered problem with the fewest candidates; nothing if all are covered.
  std::optional<std::size_t> hardest() const;
  // Returns the columns within the slowdown on a problem, those first whose configurations cover
  // the most uncovered problems.
  Members candidates(std::size_t problem) const;
  bool extend();

  const Slowdowns& slowdowns_;
  double within_;
  const PortfolioBudget& budget_;
  std::int64_t bytes_ = 0;  // of the members
  std::vector<std::ptrdiff_t> counts_;
  std::vector<Members> served_;  // by configuration: the problems within the slowdown
  Members members_;
  int steps_ = 0;
};

}  // namespace tw
