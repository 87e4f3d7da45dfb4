#include "cover/matrix.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "core/problem/problem.h"
#include "core/space/space.h"

namespace tw {
namespace {

constexpr double clearly = 0.99;       // 1 % faster: beyond what a search mistakes
constexpr std::size_t most_raced = 5;  // with the winner

// Returns the configurations of one kernel that compute the problem, each once.
std::vector<Configuration> serving(const std::vector<Contender>& contenders,
                                   const SessionRequest& request, const Competitor& competitor,
                                   const DeviceInfo& device) {
  std::set<Configuration> found;
  for (const Contender& one : contenders) {
    if (one.kernel != competitor.name) continue;
    const auto read = read_configuration(competitor.space.knobs(), one.configuration);
    const auto* configuration = std::get_if<Configuration>(&read);
    if (!configuration) continue;
    if (!competitor.kernel) {  // a recording has its own configurations
      if (competitor.space.find(*configuration)) found.insert(*configuration);
      continue;
    }
    const OpSpec& op = request.catalog->at(competitor.kernel->op).op;
    const bool computes =
        serves(*competitor.kernel, slots_of(op, competitor.kernel->names, request.problem, device),
               *configuration);
    if (computes && request.lowering->lower(*competitor.kernel, *configuration).invalid.empty()) {
      found.insert(*configuration);
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace

std::vector<Contender> candidates_of(const Store& store, const OpEntry& entry,
                                     const std::vector<Winner>& winners, std::size_t each) {
  std::vector<Contender> candidates;
  for (const Winner& winner : winners) {
    std::size_t taken = 0;
    for (const Trial& trial : store.finalists(winner.trial.id)) {
      const Contender one{trial.context.code.kernel, trial.configuration};
      const bool is_ours =
          std::any_of(entry.kernels.begin(), entry.kernels.end(),
                      [&](const KernelSpec& kernel) { return kernel.name == one.kernel; });
      if (!is_ours || taken++ >= each) continue;
      if (std::find(candidates.begin(), candidates.end(), one) == candidates.end()) {
        candidates.push_back(one);
      }
    }
  }
  return candidates;
}

void restrict_to(const std::vector<Contender>& contenders, SessionRequest& request,
                 const DeviceInfo& device) {
  std::vector<Competitor> kept;
  for (Competitor& competitor : request.competitors) {
    const std::vector<Configuration> configurations =
        serving(contenders, request, competitor, device);
    if (configurations.empty()) continue;
    competitor.space = SearchSpace::from_list(competitor.space.knobs(), configurations);
    competitor.least_time = {};  // slow ones are measured, too
    kept.push_back(std::move(competitor));
  }
  request.competitors = std::move(kept);
}

std::size_t unknown_in(const SessionRequest& request, const Store& store) {
  std::size_t unknown = 0;
  for (const Competitor& competitor : request.competitors) {
    std::set<std::string> known;
    for (const Trial& trial : store.known(request.context_of(competitor))) {
      if (trial.measurement.outcome != Outcome::pruned) known.insert(trial.configuration);
    }
    for (std::size_t i = 0; i < competitor.space.size(); ++i) {
      unknown += known.contains(text_of(competitor.space.knobs(), competitor.space[i])) ? 0 : 1;
    }
  }
  return unknown;
}

std::vector<TimedContender> times_in(const SessionRequest& request, const Store& store) {
  std::vector<TimedContender> times;
  for (const Competitor& competitor : request.competitors) {
    std::set<std::string> asked;
    for (std::size_t i = 0; i < competitor.space.size(); ++i) {
      asked.insert(text_of(competitor.space.knobs(), competitor.space[i]));
    }
    for (const Trial& trial : store.known(request.context_of(competitor))) {
      const double ns = trial.measurement.median_ns();
      if (trial.measurement.outcome != Outcome::ok || ns <= 0) continue;
      if (!asked.contains(trial.configuration)) continue;
      times.push_back({{competitor.name, trial.configuration}, ns});
    }
  }
  return times;
}

std::vector<Contender> worth_racing(std::vector<TimedContender> times, const Contender& winner,
                                    std::span<const Contender> raced) {
  const auto own = std::find_if(times.begin(), times.end(),
                                [&](const TimedContender& one) { return one.contender == winner; });
  if (own == times.end()) return {};
  const double least = clearly * own->median_ns;
  std::erase_if(times, [&](const TimedContender& one) {
    return one.median_ns >= least ||
           std::find(raced.begin(), raced.end(), one.contender) != raced.end();
  });
  std::stable_sort(times.begin(), times.end(),
                   [](const auto& a, const auto& b) { return a.median_ns < b.median_ns; });
  if (times.empty()) return {};
  std::vector<Contender> all{winner};
  for (const TimedContender& one : times) {
    if (all.size() < most_raced) all.push_back(one.contender);
  }
  return all;
}

}  // namespace tw
