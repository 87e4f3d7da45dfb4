#include "emit/portfolio/portfolio.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "emit/portfolio/cover.h"

namespace tw {
namespace {

constexpr double most_looks = 4e6;  // at a problem, in the search for the least mean

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

// Returns the configurations of which no other one is at least as fast on every problem, and at
// most as large.
Members undominated(const Slowdowns& slowdowns, const PortfolioBudget& budget) {
  const std::size_t count = slowdowns.front().size();
  const bool is_counted = budget.most < slowdowns.size();
  std::map<std::size_t, int> columns_of;  // by configuration
  for (std::size_t i = 0; i < count; ++i) ++columns_of[budget.configuration_of(i)];
  const auto beats = [&](std::size_t a, std::size_t b) {
    // With another member of its configuration, b costs no configuration more; a would.
    const std::size_t of = budget.configuration_of(b);
    if (is_counted && budget.configuration_of(a) != of && columns_of.at(of) > 1) return false;
    if (budget.bytes_of(a) > budget.bytes_of(b)) return false;
    bool is_faster = budget.bytes_of(a) < budget.bytes_of(b);
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

// Looks at every portfolio within a budget, but for those that cannot be better than the best one
// that is known.
class BestOfAll {
 public:
  BestOfAll(const Slowdowns& slowdowns, const PortfolioBudget& budget, Portfolio best)
      : slowdowns_(slowdowns), budget_(budget), best_(std::move(best)) {
    const std::size_t count = slowdowns.front().size();
    least_from_.assign(count + 1, std::vector<double>(slowdowns.size(), not_measured));
    for (std::size_t i = count; i-- > 0;) {
      for (std::size_t row = 0; row < slowdowns.size(); ++row) {
        least_from_[i][row] = std::min(least_from_[i + 1][row], slowdowns[row][i]);
      }
    }
  }

  Portfolio find() {
    extend(0, std::vector<double>(slowdowns_.size(), not_measured), 0);
    best_.is_optimal = !was_cut_short();
    return best_;
  }
  bool was_cut_short() const { return looks_ > most_looks; }

 private:
  // Returns whether a portfolio with at least these slowdowns would be better than the best one.
  bool could_be_better(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = 1, sum = 0;
    for (std::size_t row = 0; row < a.size(); ++row) {
      const double one = std::min(a[row], b[row]);
      worst = std::max(worst, one);
      sum += one;
    }
    looks_ += static_cast<double>(a.size());
    const double mean = sum / static_cast<double>(a.size());
    return worst < best_.worst || (!(best_.worst < worst) && mean < best_.mean);
  }
  // Looks at the portfolios of the members and configurations from `first` on.
  void extend(std::size_t first, const std::vector<double>& least, std::int64_t bytes) {
    if (could_be_better(least, least)) best_ = completed(slowdowns_, members_, true);
    const bool full = is_full(members_, budget_);
    if (full && budget_.configuration.empty()) return;
    for (std::size_t i = first; i < slowdowns_.front().size(); ++i) {
      if (full && !holds_configuration(members_, i, budget_)) continue;
      if (was_cut_short() || !could_be_better(least, least_from_[i])) return;
      if (bytes + budget_.bytes_of(i) > budget_.most_bytes) continue;
      std::vector<double> next = least;
      for (std::size_t row = 0; row < next.size(); ++row) {
        next[row] = std::min(next[row], slowdowns_[row][i]);
      }
      members_.push_back(i);
      extend(i + 1, next, bytes + budget_.bytes_of(i));
      members_.pop_back();
    }
  }

  const Slowdowns& slowdowns_;
  const PortfolioBudget& budget_;
  Portfolio best_;
  Slowdowns least_from_;  // [i][problem]: the least slowdown of configurations from i on
  Members members_;
  double looks_ = 0;
};

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

std::int64_t bytes_of(const Members& members, const PortfolioBudget& budget) {
  return std::accumulate(
      members.begin(), members.end(), std::int64_t{0},
      [&](std::int64_t sum, std::size_t member) { return sum + budget.bytes_of(member); });
}

// Returns the best portfolio with another configuration in the place of the member at `at`, or with
// one configuration more if this is the number of members; `best` if none is better.
Portfolio exchanged(const Slowdowns& slowdowns, const PortfolioBudget& budget,
                    const Portfolio& best, std::size_t at) {
  Members others = best.members;
  if (at < others.size()) others.erase(others.begin() + static_cast<std::ptrdiff_t>(at));
  const bool full = is_full(others, budget);
  if (full && budget.configuration.empty()) return best;
  const std::int64_t left = budget.most_bytes - bytes_of(others, budget);
  const std::vector<double> least = least_slowdowns(slowdowns, best.members, at);
  std::optional<std::size_t> next;
  double least_worst = best.worst, least_mean = best.mean;
  for (std::size_t i = 0; i < slowdowns.front().size(); ++i) {
    if (budget.bytes_of(i) > left || (full && !holds_configuration(others, i, budget))) continue;
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
    next = i;
  }
  if (!next) return best;
  others.push_back(*next);
  return completed(slowdowns, std::move(others), false);
}

// Returns the best portfolio that has one configuration more, or else another one in the place of a
// member; `best` if none is better.
Portfolio improved(const Slowdowns& slowdowns, const PortfolioBudget& budget,
                   const Portfolio& best) {
  const std::size_t count = best.members.size();
  Portfolio next = exchanged(slowdowns, budget, best, count);
  for (std::size_t at = 0; at < count && !is_better(next, best); ++at) {
    Portfolio one = exchanged(slowdowns, budget, best, at);
    if (is_better(one, next)) next = std::move(one);
  }
  return next;
}

// Adds members, and exchanges members, as long as this makes the portfolio better.
void improve(const Slowdowns& slowdowns, const PortfolioBudget& budget, Portfolio& best) {
  constexpr int most_exchanges = 200;
  for (int i = 0; i < most_exchanges; ++i) {
    Portfolio next = improved(slowdowns, budget, best);
    if (!is_better(next, best)) return;
    best = std::move(next);
  }
}

Slowdowns columns(const Slowdowns& slowdowns, const Members& kept) {
  Slowdowns fewer;
  for (const std::vector<double>& row : slowdowns) {
    std::vector<double>& to = fewer.emplace_back();
    for (const std::size_t column : kept) to.push_back(row[column]);
  }
  return fewer;
}

PortfolioBudget columns(PortfolioBudget budget, const Members& kept) {
  std::vector<std::int64_t> bytes;
  for (const std::size_t column : kept) bytes.push_back(budget.bytes_of(column));
  budget.bytes = std::move(bytes);
  if (budget.configuration.empty()) return budget;
  std::vector<std::size_t> configuration;
  for (const std::size_t column : kept) configuration.push_back(budget.configuration[column]);
  budget.configuration = std::move(configuration);
  return budget;
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
Portfolio least_worst(const Slowdowns& slowdowns, const PortfolioBudget& budget) {
  const std::vector<double> levels = levels_of(slowdowns);
  std::optional<Members> best;
  bool is_optimal = true;
  std::size_t low = 0, high = levels.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    Cover cover(slowdowns, levels[middle], budget);
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

Portfolio portfolio_of(const Slowdowns& slowdowns, const PortfolioBudget& budget) {
  if (slowdowns.empty()) return {};
  const Members kept = undominated(slowdowns, budget);
  const Slowdowns fewer = columns(slowdowns, kept);
  const PortfolioBudget of_fewer = columns(budget, kept);
  Portfolio best = least_worst(fewer, of_fewer);
  if (best.members.empty() && best.is_optimal) return best;
  best = BestOfAll(fewer, of_fewer, std::move(best)).find();
  if (best.members.empty()) return best;
  if (!best.is_optimal) {
    best.is_optimal = best.mean <= 1;
    if (!best.is_optimal) improve(fewer, of_fewer, best);
  }
  // A member that no problem takes is left out.
  Members used = best.choice;
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (std::size_t& member : used) member = kept[member];
  return completed(slowdowns, std::move(used), best.is_optimal);
}

Portfolio portfolio_of(const Slowdowns& slowdowns, std::size_t most) {
  return portfolio_of(slowdowns, PortfolioBudget{.most = most});
}

Portfolio portfolio_within(const Slowdowns& slowdowns, double worst,
                           const PortfolioBudget& budget) {
  if (slowdowns.empty()) return {};
  PortfolioBudget of_fewer = budget;
  of_fewer.most = 1;
  const Members kept = undominated(slowdowns, of_fewer);
  const Slowdowns fewer = columns(slowdowns, kept);
  of_fewer = columns(of_fewer, kept);
  bool is_smallest = true;
  const std::size_t largest = std::min(slowdowns.size(), budget.most);
  for (; of_fewer.most < largest; ++of_fewer.most) {
    Cover cover(fewer, worst, of_fewer);
    if (cover.find()) break;
    is_smallest = is_smallest && !cover.was_cut_short();
  }
  PortfolioBudget smallest = budget;
  smallest.most = of_fewer.most;
  Portfolio portfolio = portfolio_of(slowdowns, smallest);
  portfolio.is_optimal = portfolio.is_optimal && is_smallest;
  return portfolio;
}

Portfolio smallest_portfolio(const Slowdowns& slowdowns, double worst, PortfolioBudget budget) {
  if (slowdowns.empty()) return {};
  budget.most_bytes = std::accumulate(budget.bytes.begin(), budget.bytes.end(), std::int64_t{0});
  const Members kept = undominated(slowdowns, budget);
  const Slowdowns fewer = columns(slowdowns, kept);
  budget = columns(budget, kept);
  std::optional<Members> least;
  while (true) {
    Cover cover(fewer, worst, budget);
    std::optional<Members> found = cover.find();
    if (!found) {
      if (!least) return {{}, {}, not_measured, not_measured, !cover.was_cut_short()};
      for (std::size_t& member : *least) member = kept[member];
      return completed(slowdowns, std::move(*least), !cover.was_cut_short());
    }
    budget.most_bytes = bytes_of(*found, budget) - 1;
    least = std::move(found);
  }
}

}  // namespace tw
