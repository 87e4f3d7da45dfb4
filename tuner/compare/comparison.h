// The changes between the winners of two databases, which are called a and b.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compare/pairs.h"
#include "db/store.h"

namespace tw {

// How b's time differs from a's. Equal: the interval of the ratio contains 1. Unknown: there is no
// interval, because a time has fewer than six samples.
enum class Change { faster, slower, equal, unknown };
std::string_view name_of(Change change);

struct ComparedWinner {
  Winner winner;
  std::string commit;  // of Tilewright in the winner's run
};

// A problem that both databases have.
struct ComparedProblem {
  ComparedWinner a, b;
  TimeRatio ratio;  // b over a
  Change change = Change::unknown;
  // The trial of a's winner under the circumstances in which b's winner wins: its latest race, else
  // its latest search. Nothing if b did not measure it there. b's own trial if the winners are the
  // same.
  std::optional<Trial> a_in_b{};

  // Returns whether kernel and configuration are the same.
  bool has_same_winner() const;
  // Returns whether the winner is the same, but not the source of its kernel.
  bool has_new_source() const;
  // Returns whether all of the interval is above 1 + threshold.
  bool is_slower_by(double threshold) const;
};

struct Comparison {
  std::vector<ComparedProblem> problems;       // the largest change first
  std::vector<ComparedWinner> only_a, only_b;  // without a partner

  std::size_t count(Change change) const;
  std::size_t slower_by(double threshold) const;
  double geometric_mean() const;  // of the ratios; 0 if there are none
};

// Compares the winners that match the filter. `filter.kernel` selects the problems in which it wins
// in one of the databases.
Comparison compare(const Store& a, const Store& b, const Filter& filter);

}  // namespace tw
