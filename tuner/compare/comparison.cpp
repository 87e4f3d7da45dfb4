#include "compare/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "options/filter_options.h"

namespace tw {
namespace {

// In the order of Change.
constexpr std::array<std::string_view, 4> change_names{"faster", "slower", "equal", "unknown"};

// Returns the winners of any kernel with the commits of their runs.
std::vector<ComparedWinner> winners_with_commits(const Store& store, Filter filter) {
  filter.kernel.clear();
  std::map<std::int64_t, std::string> commits;
  for (StoredRun& run : store.runs()) commits[run.id] = std::move(run.info.commit);
  std::vector<ComparedWinner> winners;
  for (Winner& winner : winners_of(store, filter)) {
    const auto commit = commits.find(winner.trial.run);
    winners.push_back(
        {.winner = std::move(winner), .commit = commit == commits.end() ? "" : commit->second});
  }
  return winners;
}

std::vector<const Situation*> situations_of(const std::vector<ComparedWinner>& winners) {
  std::vector<const Situation*> situations;
  for (const ComparedWinner& one : winners) {
    situations.push_back(&one.winner.trial.context.situation);
  }
  return situations;
}

Change change_of(const TimeRatio& ratio) {
  if (!ratio.interval) return Change::unknown;
  if (ratio.interval->high < 1) return Change::faster;
  return ratio.interval->low > 1 ? Change::slower : Change::equal;
}

ComparedProblem compared(const ComparedWinner& a, const ComparedWinner& b, const Store& in_b) {
  const Trial& before = a.winner.trial;
  const Trial& after = b.winner.trial;
  ComparedProblem problem{.a = a, .b = b, .ratio = ratio_of(after.measurement, before.measurement)};
  problem.change = change_of(problem.ratio);
  if (problem.has_same_winner()) {
    problem.a_in_b = after;
  } else {
    problem.a_in_b =
        in_b.latest(after.context.situation, before.context.code.kernel, before.configuration);
  }
  return problem;
}

bool is_of_kernel(const ComparedWinner& one, const std::string& kernel) {
  return kernel.empty() || one.winner.trial.context.code.kernel == kernel;
}

std::vector<ComparedWinner> chosen(const std::vector<ComparedWinner>& winners,
                                   const std::vector<std::size_t>& indices,
                                   const std::string& kernel) {
  std::vector<ComparedWinner> list;
  for (const std::size_t i : indices) {
    if (is_of_kernel(winners[i], kernel)) list.push_back(winners[i]);
  }
  return list;
}

}  // namespace

std::string_view name_of(Change change) {
  return change_names.at(static_cast<std::size_t>(change));
}

bool ComparedProblem::has_same_winner() const {
  const Trial& before = a.winner.trial;
  const Trial& after = b.winner.trial;
  return before.context.code.kernel == after.context.code.kernel &&
         before.configuration == after.configuration;
}

bool ComparedProblem::has_new_source() const {
  return has_same_winner() &&
         a.winner.trial.context.code.source_digest != b.winner.trial.context.code.source_digest;
}

bool ComparedProblem::is_slower_by(double threshold) const {
  return ratio.interval && ratio.interval->low > 1 + threshold;
}

std::size_t Comparison::count(Change change) const {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(),
                    [&](const ComparedProblem& one) { return one.change == change; }));
}

std::size_t Comparison::slower_by(double threshold) const {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(),
                    [&](const ComparedProblem& one) { return one.is_slower_by(threshold); }));
}

double Comparison::geometric_mean() const {
  std::vector<double> ratios;
  for (const ComparedProblem& one : problems) ratios.push_back(one.ratio.ratio);
  return tw::geometric_mean(ratios);
}

Comparison compare(const Store& a, const Store& b, const Filter& filter) {
  const std::vector<ComparedWinner> in_a = winners_with_commits(a, filter);
  const std::vector<ComparedWinner> in_b = winners_with_commits(b, filter);
  const Pairing pairing = pair_winners(situations_of(in_a), situations_of(in_b));
  Comparison comparison{.problems = {},
                        .only_a = chosen(in_a, pairing.only_first, filter.kernel),
                        .only_b = chosen(in_b, pairing.only_second, filter.kernel)};
  for (const auto& [first, second] : pairing.pairs) {
    if (!is_of_kernel(in_a[first], filter.kernel) && !is_of_kernel(in_b[second], filter.kernel)) {
      continue;
    }
    comparison.problems.push_back(compared(in_a[first], in_b[second], b));
  }
  std::stable_sort(comparison.problems.begin(), comparison.problems.end(),
                   [](const ComparedProblem& one, const ComparedProblem& other) {
                     return std::abs(std::log(one.ratio.ratio)) >
                            std::abs(std::log(other.ratio.ratio));
                   });
  return comparison;
}

}  // namespace tw
