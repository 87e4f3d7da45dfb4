#include "report/group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "options/filter_options.h"

namespace tw {
namespace {

// What the view `winners` groups by.
using Key = std::tuple<std::string, std::string, std::string, std::string, L2, Source>;

Key key_of(const Situation& situation) {
  return {situation.op, situation.problem, situation.device_model, situation.device_limits,
          situation.l2, situation.source};
}

// Adds the runs that the group's trials name.
void add_runs(Group& group, const std::vector<StoredRun>& runs) {
  std::set<std::int64_t> ids;
  for (const Trial& trial : group.trials) ids.insert(trial.run);
  for (const StoredRun& run : runs) {
    if (ids.contains(run.id)) group.runs.push_back(run);
  }
}

// Returns the trials by group. The kernel of a baseline is its library, so that a filter by kernels
// does not concern it.
std::map<Key, Group> trials_by_group(const Store& store, const Filter& filter) {
  Filter any_kernel = filter;
  any_kernel.kernel.clear();
  std::map<Key, Group> groups;
  std::vector<Trial> trials = store.trials(any_kernel);
  for (auto trial = trials.rbegin(); trial != trials.rend(); ++trial) {
    const bool is_baseline = trial->kind == TrialKind::baseline;
    if (!is_baseline && !filter.kernel.empty() && trial->context.code.kernel != filter.kernel) {
      continue;
    }
    groups[key_of(trial->context.situation)].trials.push_back(std::move(*trial));
  }
  std::erase_if(groups, [](const auto& entry) {
    const std::vector<Trial>& all = entry.second.trials;
    return std::all_of(all.begin(), all.end(),
                       [](const Trial& trial) { return trial.kind == TrialKind::baseline; });
  });
  return groups;
}

}  // namespace

const Situation& Group::situation() const {
  return winner ? winner->trial.context.situation : trials.back().context.situation;
}

std::vector<Group> groups_of(const Store& store, const Filter& filter) {
  std::map<Key, Group> by_key = trials_by_group(store, filter);
  const std::vector<StoredRun> runs = store.runs();
  std::vector<Group> groups;
  for (Winner& winner : winners_of(store, filter)) {
    auto found = by_key.extract(key_of(winner.trial.context.situation));
    if (found.empty()) continue;  // another process wrote it meanwhile
    Group& group = groups.emplace_back(std::move(found.mapped()));
    group.finalists = store.finalists(winner.trial.id);
    group.known = store.known(winner.trial.context);
    group.winner = std::move(winner);
  }
  for (auto& [key, group] : by_key) groups.push_back(std::move(group));
  for (Group& group : groups) add_runs(group, runs);
  return groups;
}

}  // namespace tw
