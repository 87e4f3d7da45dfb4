#include "emit/portfolio/portfolio.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace tw {
namespace {

constexpr int most_steps = 20'000;  // of one search for a cover
constexpr double most_looks = 2e6;  // at a problem, in the search for the least mean

using Members = std::vector<std::size_t>;

Portfolio completed(const Slowdowns& slowdowns, Members members, bool is_optimal) {
  std::sort(members.begin(), members.end());
  Portfolio portfolio{std::move(members), {}, 1, 1, is_optimal};
  double sum = 0;
  for (const std::vector<double>& row : slowdowns) {
    const auto best =
        *std::min_element(portfolio.members.begin(), portfolio.members.end(),
                          [&](std::size_t a, std::size_t b) { return row[a] < row[b]; });
    portfolio.choice.push_back(best);
    portfolio.worst = std::max(portfolio.worst, row[best]);
    sum += row[best];
  }
  if (!slowdowns.empty()) portfolio.mean = sum / static_cast<double>(slowdowns.size());
  return portfolio;
}

// Finds at most `most` configurations such that each problem has one within a slowdown: a set
// cover. The search takes the problem with the fewest candidates first.
class Cover {
 public:
  Cover(const Slowdowns& slowdowns, double within, std::size_t most)
      : slowdowns_(slowdowns), within_(within), most_(most) {}

  // Returns nothing if there is no cover, or if the search was cut short.
  std::optional<Members> find() {
    for (const std::vector<double>& row : slowdowns_) {
      counts_.push_back(std::count_if(row.begin(), row.end(),
                                      [&](double slowdown) { return slowdown <= within_; }));
    }
    if (!extend()) return std::nullopt;
    return members_;
  }
  bool was_cut_short() const { return steps_ > most_steps; }

 private:
  bool is_covered(const std::vector<double>& row) const {
    return std::any_of(members_.begin(), members_.end(),
                       [&](std::size_t member) { return row[member] <= within_; });
  }
  // Returns the uncovered problem with the fewest candidates; nothing if all are covered.
  std::optional<std::size_t> hardest() const {
    std::optional<std::size_t> hardest;
    for (std::size_t i = 0; i < slowdowns_.size(); ++i) {
      if (is_covered(slowdowns_[i])) continue;
      if (!hardest || counts_[i] < counts_[*hardest]) hardest = i;
    }
    return hardest;
  }
  // Returns the configurations within the slowdown on a problem, those first that cover the most
  // uncovered problems.
  Members candidates(std::size_t problem) const {
    std::vector<std::size_t> covers(slowdowns_[problem].size());
    Members found;
    for (std::size_t i = 0; i < covers.size(); ++i) {
      if (slowdowns_[problem][i] > within_) continue;
      found.push_back(i);
      for (const std::vector<double>& row : slowdowns_) {
        if (row[i] <= within_ && !is_covered(row)) ++covers[i];
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [&](std::size_t a, std::size_t b) { return covers[a] > covers[b]; });
    return found;
  }
  bool extend() {
    const std::optional<std::size_t> problem = hardest();
    if (!problem) return true;
    if (members_.size() == most_ || ++steps_ > most_steps) return false;
    for (const std::size_t candidate : candidates(*problem)) {
      members_.push_back(candidate);
      if (extend()) return true;
      members_.pop_back();
      if (was_cut_short()) return false;
    }
    return false;
  }

  const Slowdowns& slowdowns_;
  double within_;
  std::size_t most_;
  std::vector<std::ptrdiff_t> counts_;
  Members members_;
  int steps_ = 0;
};

// Returns the configurations of which no other one is at least as fast on every problem.
Members undominated(const Slowdowns& slowdowns) {
  const std::size_t count = slowdowns.front().size();
  const auto beats = [&](std::size_t a, std::size_t b) {
    bool is_faster = false;
    for (const std::vector<double>& row : slowdowns) {
      if (row[a] > row[b]) return false;
      is_faster = is_faster || row[a] < row[b];
    }
    return is_faster || a < b;  // of equal ones the first stays
  };
  Members kept;
  for (std::size_t i = 0; i < count; ++i) {
    bool stays = true;
    for (std::size_t j = 0; j < count && stays; ++j) stays = i == j || !beats(j, i);
    if (stays) kept.push_back(i);
  }
  return kept;
}

bool is_better(const Portfolio& a, const Portfolio& b) {
  return a.worst < b.worst || (!(b.worst < a.worst) && a.mean < b.mean);
}

// Looks at every portfolio of `most` configurations.
void take_best_of_all(const Slowdowns& slowdowns, std::size_t most, std::size_t first,
                      Members& members, Portfolio& best) {
  if (members.size() == most) {
    Portfolio one = completed(slowdowns, members, true);
    if (is_better(one, best)) best = std::move(one);
    return;
  }
  const std::size_t count = slowdowns.front().size();
  for (std::size_t i = first; i + (most - members.size()) <= count; ++i) {
    members.push_back(i);
    take_best_of_all(slowdowns, most, i + 1, members, best);
    members.pop_back();
  }
}

// Returns the least slowdown of each problem with these members, but for the one at `without`.
std::vector<double> least_slowdowns(const Slowdowns& slowdowns, const Members& members,
                                    std::size_t without) {
  std::vector<double> least;
  for (const std::vector<double>& row : slowdowns) {
    double& one = least.emplace_back(not_measured);
    for (std::size_t at = 0; at < members.size(); ++at) {
      if (at != without) one = std::min(one, row[members[at]]);
    }
  }
  return least;
}

// Returns the best portfolio that has one configuration more, or another one in the place of a
// member; `best` if none is better.
Portfolio improved(const Slowdowns& slowdowns, std::size_t most, const Portfolio& best) {
  const bool adds = best.members.size() < most;
  std::optional<Members> next;
  double least_worst = best.worst, least_mean = best.mean;
  for (std::size_t at = adds ? best.members.size() : 0; at <= best.members.size(); ++at) {
    if (!adds && at == best.members.size()) break;
    const std::vector<double> least = least_slowdowns(slowdowns, best.members, at);
    for (std::size_t i = 0; i < slowdowns.front().size(); ++i) {
      double worst = 1, sum = 0;
      for (std::size_t row = 0; row < least.size(); ++row) {
        const double one = std::min(least[row], slowdowns[row][i]);
        worst = std::max(worst, one);
        sum += one;
      }
      const double mean = sum / static_cast<double>(least.size());
      const bool is_better = worst < least_worst || (!(least_worst < worst) && mean < least_mean);
      if (!is_better) continue;
      least_worst = worst;
      least_mean = mean;
      next = best.members;
      if (!adds) next->erase(next->begin() + static_cast<std::ptrdiff_t>(at));
      next->push_back(i);
    }
  }
  return next ? completed(slowdowns, std::move(*next), false) : best;
}

// Adds members, and exchanges members, as long as this makes the portfolio better.
void improve(const Slowdowns& slowdowns, std::size_t most, Portfolio& best) {
  constexpr int most_exchanges = 200;
  for (int i = 0; i < most_exchanges; ++i) {
    Portfolio next = improved(slowdowns, most, best);
    if (!is_better(next, best)) return;
    best = std::move(next);
  }
}

// Returns the number of portfolios of `most` of `count` configurations.
double portfolios(std::size_t count, std::size_t most) {
  double all = 1;
  for (std::size_t i = 0; i < most && i < count; ++i) {
    all *= static_cast<double>(count - i) / static_cast<double>(i + 1);
  }
  return all;
}

Slowdowns columns(const Slowdowns& slowdowns, const Members& kept) {
  Slowdowns fewer;
  for (const std::vector<double>& row : slowdowns) {
    std::vector<double>& to = fewer.emplace_back();
    for (const std::size_t column : kept) to.push_back(row[column]);
  }
  return fewer;
}

// Returns the slowdowns that occur, in ascending order.
std::vector<double> levels_of(const Slowdowns& slowdowns) {
  std::vector<double> levels;
  for (const std::vector<double>& row : slowdowns) {
    std::copy_if(row.begin(), row.end(), std::back_inserter(levels),
                 [](double one) { return one < not_measured; });
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

// Returns a portfolio with the least worst slowdown; it has no members if there is none.
Portfolio least_worst(const Slowdowns& slowdowns, std::size_t most) {
  const std::vector<double> levels = levels_of(slowdowns);
  std::optional<Members> best;
  bool is_optimal = true;
  std::size_t low = 0, high = levels.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    Cover cover(slowdowns, levels[middle], most);
    if (auto found = cover.find()) {
      best = std::move(found);
      high = middle;
    } else {
      is_optimal = is_optimal && !cover.was_cut_short();
      low = middle + 1;
    }
  }
  if (!best) return {{}, {}, not_measured, not_measured, is_optimal};
  return completed(slowdowns, std::move(*best), is_optimal);
}

}  // namespace

Portfolio portfolio_of(const Slowdowns& slowdowns, std::size_t most) {
  if (slowdowns.empty()) return {};
  const Members kept = undominated(slowdowns);
  const Slowdowns fewer = columns(slowdowns, kept);
  Portfolio best = least_worst(fewer, most);
  if (best.members.empty()) return best;
  most = std::min(most, kept.size());
  if (portfolios(kept.size(), most) * static_cast<double>(fewer.size()) <= most_looks) {
    Members members;
    take_best_of_all(fewer, most, 0, members, best);
  } else {
    const bool is_perfect = best.mean <= 1;
    improve(fewer, most, best);
    best.is_optimal = is_perfect;
  }
  // A member that no problem takes is left out.
  Members used = best.choice;
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (std::size_t& member : used) member = kept[member];
  return completed(slowdowns, std::move(used), best.is_optimal);
}

Portfolio portfolio_within(const Slowdowns& slowdowns, double worst) {
  if (slowdowns.empty()) return {};
  const Slowdowns fewer = columns(slowdowns, undominated(slowdowns));
  bool is_smallest = true;
  std::size_t most = 1;
  for (; most < slowdowns.size(); ++most) {
    Cover cover(fewer, worst, most);
    if (cover.find()) break;
    is_smallest = is_smallest && !cover.was_cut_short();
  }
  Portfolio portfolio = portfolio_of(slowdowns, most);
  portfolio.is_optimal = portfolio.is_optimal && is_smallest;
  return portfolio;
}

}  // namespace tw
