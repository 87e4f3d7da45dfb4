#include "emit/portfolio/measured.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "core/problem/problem.h"
#include "core/space/space.h"

namespace tw {
namespace {

using Name = std::pair<std::string, std::string>;  // of a kernel and a configuration

Name name_of(const Trial& trial) { return {trial.context.code.kernel, trial.configuration}; }

std::string group_of(const OpSpec& op, const Winner& winner) {
  const Problem problem = problem_from_key(op, winner.trial.context.situation.problem);
  return fmt::format("{} {} {} {}", name_of(problem.dtype), problem.math,
                     problem.epilogue.structure(), fmt::join(problem.choices, ","));
}

// Returns whether the kernel of today has the configuration.
bool is_current(const KernelSpec& kernel, const std::string& configuration) {
  return std::holds_alternative<Configuration>(read_configuration(kernel.knobs, configuration));
}

// Returns the latest trials of searches that worked, of all kernels, in the winner's situation.
std::map<Name, Trial> searched(const Store& store, const OpEntry& entry, const Winner& winner,
                               Objective objective) {
  std::map<Name, Trial> found;
  for (const KernelSpec& kernel : entry.kernels) {
    // The last context is that of the newest source.
    std::optional<Context> newest;
    for (const Context& context : store.contexts(entry.op.name, kernel.name)) {
      if (context.situation == winner.trial.context.situation) newest = context;
    }
    if (!newest) continue;
    for (Trial& trial : store.known(*newest)) {
      const bool works = std::isfinite(value_of(objective, trial.measurement)) &&
                         is_current(kernel, trial.configuration);
      if (works) found[name_of(trial)] = std::move(trial);
    }
  }
  return found;
}

// A trial and its slowdown against the winner.
struct Compared {
  Trial trial;
  double slowdown = 1;
};

std::map<Name, Compared> compared(const Store& store, const OpEntry& entry, const Winner& winner,
                                  Objective objective) {
  std::map<Name, Compared> all;
  std::map<Name, Trial> searches = searched(store, entry, winner, objective);
  const auto own = searches.find(name_of(winner.trial));
  const double won = value_of(objective, winner.trial.measurement);
  const double searched_value =
      own == searches.end() ? won : value_of(objective, own->second.measurement);
  for (auto& [name, trial] : searches) {
    const double value = value_of(objective, trial.measurement);
    all[name] = {std::move(trial), std::max(1.0, value / searched_value)};
  }
  for (Trial& trial : store.finalists(winner.trial.id)) {
    const auto kernel =
        std::find_if(entry.kernels.begin(), entry.kernels.end(),
                     [&](const KernelSpec& one) { return one.name == trial.context.code.kernel; });
    if (kernel == entry.kernels.end() || !is_current(*kernel, trial.configuration)) continue;
    const double value = value_of(objective, trial.measurement);
    if (!std::isfinite(value)) continue;
    Compared& one = all[name_of(trial)];
    one.slowdown = std::max(1.0, value / won);
    one.trial = std::move(trial);
  }
  all[name_of(winner.trial)] = {winner.trial, 1};
  return all;
}

}  // namespace

std::size_t MeasuredTimes::groups() const {
  std::set<std::string> all;
  for (const Candidate& candidate : candidates) all.insert(candidate.group);
  return all.size();
}

MeasuredTimes measured_times(const Store& store, const OpEntry& entry,
                             const std::vector<Winner>& winners, Objective objective) {
  MeasuredTimes times;
  std::map<std::pair<std::string, Name>, std::size_t> index_of;
  std::vector<std::map<std::size_t, double>> known;  // for each winner, by candidate
  for (const Winner& winner : winners) {
    const std::string group = group_of(entry.op, winner);
    std::vector<Trial>& trials = times.trials.emplace_back();
    std::vector<int>& trial_of = times.trial_of.emplace_back();
    known.emplace_back();
    for (auto& [name, one] : compared(store, entry, winner, objective)) {
      const auto [at, is_new] = index_of.try_emplace({group, name}, times.candidates.size());
      if (is_new) times.candidates.push_back({name.first, name.second, group});
      trial_of.resize(times.candidates.size(), -1);
      trial_of[at->second] = static_cast<int>(trials.size());
      trials.push_back(std::move(one.trial));
      known.back()[at->second] = one.slowdown;
    }
  }
  for (std::size_t i = 0; i < winners.size(); ++i) {
    times.trial_of[i].resize(times.candidates.size(), -1);
    std::vector<double>& row = times.slowdowns.emplace_back(times.candidates.size(), not_measured);
    for (const auto& [candidate, slowdown] : known[i]) row[candidate] = slowdown;
  }
  return times;
}

}  // namespace tw
