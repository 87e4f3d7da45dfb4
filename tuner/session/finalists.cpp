#include "session/finalists.h"

#include <algorithm>
#include <string>

namespace tw {

std::vector<TrialKey> finalists(const SessionRequest& request, const Trials& trials,
                                const Store& store) {
  std::vector<TrialKey> keys = trials.best_first();
  if (keys.empty()) return keys;
  keys.resize(std::min(keys.size(), static_cast<std::size_t>(request.finalists)));
  const auto add = [&](TrialKey key) {
    if (trials.is_known_to_fail(key)) return;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (std::size_t i = 0; i < request.competitors.size(); ++i) {
    add({i, request.competitors[i].space.default_index()});
  }
  if (const auto previous = previous_winner(request, store)) add(*previous);
  return keys;
}

std::vector<TrialKey> contenders(const SessionRequest& request) {
  std::vector<TrialKey> keys;
  for (const Contender& one : request.only) {
    for (std::size_t i = 0; i < request.competitors.size(); ++i) {
      const Competitor& its = request.competitors[i];
      if (its.name != one.kernel) continue;
      if (const auto index = its.space.find_text(one.configuration)) keys.push_back({i, *index});
    }
  }
  return keys;
}

std::optional<TrialKey> previous_winner(const SessionRequest& request, const Store& store) {
  const Situation& here = request.situation;
  Filter filter;
  filter.op = here.op;
  filter.problem = here.problem;
  filter.device = here.device_model;
  filter.source = name_of(here.source);
  filter.l2 = name_of(here.l2);
  filter.objective = request.objective;
  for (const Winner& winner : store.winners(filter)) {
    const auto& [there, code] = winner.trial.context;
    if (there.problem != here.problem || there.device_limits != here.device_limits) continue;
    for (std::size_t i = 0; i < request.competitors.size(); ++i) {
      const Competitor& one = request.competitors[i];
      if (one.name != code.kernel || one.code.source_digest != code.source_digest) continue;
      // The trial may have been stored with an earlier version of the space.
      if (const auto index = one.space.find_text(winner.trial.configuration)) {
        return TrialKey{i, *index};
      }
    }
  }
  return std::nullopt;
}

}  // namespace tw
