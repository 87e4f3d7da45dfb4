#include "search/knob_effects.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tw {
namespace {

struct Group {
  double sum = 0;  // of logarithms
  double fastest_ns = 0;
  std::size_t count = 0;
};

constexpr double worst_ratio = 2;

double epsilon_squared(const std::map<std::int64_t, Group>& groups, double mean, double squares,
                       std::size_t count) {
  const auto k = static_cast<double>(groups.size()), n = static_cast<double>(count);
  if (squares <= 0 || n <= k) return 0;
  double between = 0;
  for (const auto& [value, group] : groups) {
    const auto size = static_cast<double>(group.count);
    const double off = group.sum / size - mean;
    between += size * off * off;
  }
  const double noise = (squares - between) / (n - k);  // the mean square within groups
  return std::clamp((between - (k - 1) * noise) / squares, 0.0, 1.0);
}

std::vector<KnobEffect::Value> values_of(const std::map<std::int64_t, Group>& groups,
                                         double fastest_ns) {
  std::vector<KnobEffect::Value> values;
  for (const auto& [value, group] : groups) {
    values.push_back({value, group.fastest_ns / fastest_ns, group.count});
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.ratio < b.ratio; });
  return values;
}

}  // namespace

std::vector<KnobEffect> knob_effects(std::span<const Knob> knobs,
                                     std::span<const TimedConfiguration> trials) {
  std::vector<KnobEffect> effects;
  if (trials.empty()) return effects;
  double fastest_ns = trials.front().time_ns;
  for (const TimedConfiguration& trial : trials) fastest_ns = std::min(fastest_ns, trial.time_ns);
  const auto log_of = [&](const TimedConfiguration& trial) {
    return std::log(std::min(trial.time_ns / fastest_ns, worst_ratio));
  };
  double sum = 0, squares = 0;
  for (const TimedConfiguration& trial : trials) sum += log_of(trial);
  const double mean = sum / static_cast<double>(trials.size());
  for (const TimedConfiguration& trial : trials) squares += std::pow(log_of(trial) - mean, 2);
  for (std::size_t knob = 0; knob < knobs.size(); ++knob) {
    std::map<std::int64_t, Group> groups;
    for (const TimedConfiguration& trial : trials) {
      Group& group = groups[trial.values[knob]];
      group.sum += log_of(trial);
      if (group.count++ == 0 || trial.time_ns < group.fastest_ns) group.fastest_ns = trial.time_ns;
    }
    if (groups.size() < 2) continue;
    effects.push_back({knob, epsilon_squared(groups, mean, squares, trials.size()),
                       values_of(groups, fastest_ns)});
  }
  std::stable_sort(effects.begin(), effects.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  return effects;
}

}  // namespace tw
