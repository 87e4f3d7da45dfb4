#include "search/knob_effects.h"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace tw {
namespace {

struct Group {
  double sum = 0;  // of logarithms
  double fastest_ns = 0;
  std::size_t count = 0;

  void add(double log, double time_ns) {
    sum += log;
    if (count++ == 0 || time_ns < fastest_ns) fastest_ns = time_ns;
  }
  double mean() const { return sum / static_cast<double>(count); }
};

constexpr double worst_ratio = 2;

// The logarithms of the times, over the fastest one, and their variation.
struct LogTimes {
  double fastest_ns = 0;
  std::vector<double> logs;  // one for each trial
  double mean = 0;
  double squares = 0;  // the sum of the squared distances from the mean
};

LogTimes log_times(std::span<const TimedConfiguration> trials) {
  LogTimes times;
  if (trials.empty()) return times;
  times.fastest_ns = trials.front().time_ns;
  for (const TimedConfiguration& trial : trials) {
    times.fastest_ns = std::min(times.fastest_ns, trial.time_ns);
  }
  for (const TimedConfiguration& trial : trials) {
    times.logs.push_back(std::log(std::min(trial.time_ns / times.fastest_ns, worst_ratio)));
  }
  times.mean = std::accumulate(times.logs.begin(), times.logs.end(), 0.0) /
               static_cast<double>(times.logs.size());
  for (const double log : times.logs) times.squares += std::pow(log - times.mean, 2);
  return times;
}

double epsilon_squared(const std::map<std::int64_t, Group>& groups, const LogTimes& times) {
  const auto k = static_cast<double>(groups.size()), n = static_cast<double>(times.logs.size());
  if (times.squares <= 0 || n <= k) return 0;
  double between = 0;
  for (const auto& [value, group] : groups) {
    between += static_cast<double>(group.count) * std::pow(group.mean() - times.mean, 2);
  }
  const double noise = (times.squares - between) / (n - k);  // the mean square within groups
  return std::clamp((between - (k - 1) * noise) / times.squares, 0.0, 1.0);
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

// The trials by their values of two knobs.
using Cells = std::map<std::pair<std::int64_t, std::int64_t>, Group>;

Cells cells_of(std::span<const TimedConfiguration> trials, const LogTimes& times, std::size_t first,
               std::size_t second) {
  Cells cells;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const Configuration& values = trials[i].values;
    cells[{values[first], values[second]}].add(times.logs[i], trials[i].time_ns);
  }
  return cells;
}

// Returns the number of sets of values that no trial connects: within one set, the effects of the
// values can be told apart up to a constant.
std::size_t components(const Cells& cells) {
  std::map<std::int64_t, std::int64_t> first, second;  // the set of each value
  for (const auto& [values, group] : cells) first[values.first] = values.first;
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [values, group] : cells) {
      std::int64_t& one = first[values.first];
      std::int64_t& other = second.try_emplace(values.second, one).first->second;
      if (one == other) continue;
      one = other = std::min(one, other);
      changed = true;
    }
  }
  std::set<std::int64_t> sets;
  for (const auto& [value, its] : first) sets.insert(its);
  return sets.size();
}

// Returns how far the means of the cells are from the nearest sum of an effect of each value: the
// sum of squares over the trials. The effects of one knob and of the other are fitted in turn,
// which converges to the least squares (backfitting; Hastie and Tibshirani, Generalized Additive
// Models, 1990).
double beyond_a_sum(const Cells& cells) {
  constexpr int most_rounds = 1000;
  constexpr double least_change = 1e-10;
  std::map<std::int64_t, double> first, second;
  const auto fit = [&](auto key, std::map<std::int64_t, double>& effects) {
    std::map<std::int64_t, std::pair<double, double>> sums;  // of what is left, and of trials
    for (const auto& [values, group] : cells) {
      const double left = group.mean() - first[values.first] - second[values.second];
      auto& [sum, count] = sums[key(values)];
      sum += static_cast<double>(group.count) * left;
      count += static_cast<double>(group.count);
    }
    double change = 0;
    for (const auto& [value, sum] : sums) {
      effects[value] += sum.first / sum.second;
      change = std::max(change, std::abs(sum.first / sum.second));
    }
    return change;
  };
  for (int round = 0; round < most_rounds; ++round) {
    const double change = fit([](const auto& values) { return values.first; }, first);
    if (fit([](const auto& values) { return values.second; }, second) + change < least_change) {
      break;
    }
  }
  double squares = 0;
  for (const auto& [values, group] : cells) {
    const double left = group.mean() - first[values.first] - second[values.second];
    squares += static_cast<double>(group.count) * left * left;
  }
  return squares;
}

// The joint effect of two knobs, beyond the effect of each alone.
struct Interaction {
  double share = 0;
  double chance = 1;  // the probability that noise alone gives as much
};

// Returns nothing if the trials cannot show an interaction: no value was tried often enough.
std::optional<Interaction> interaction(const Cells& cells, const LogTimes& times) {
  std::set<std::int64_t> first, second;
  for (const auto& [values, group] : cells) {
    first.insert(values.first);
    second.insert(values.second);
  }
  const std::size_t effects = first.size() + second.size() - components(cells);
  if (cells.size() <= effects || times.logs.size() <= cells.size() || times.squares <= 0) {
    return std::nullopt;
  }
  const auto freedom = static_cast<double>(cells.size() - effects);
  const auto left = static_cast<double>(times.logs.size() - cells.size());
  // The rest, which the cells do not explain, is noise.
  double between = 0;
  for (const auto& [values, group] : cells) {
    between += static_cast<double>(group.count) * std::pow(group.mean() - times.mean, 2);
  }
  const double beyond = beyond_a_sum(cells);
  const double noise = std::max(0.0, times.squares - between) / left;
  Interaction found;
  found.share = std::clamp((beyond - freedom * noise) / times.squares, 0.0, 1.0);
  constexpr double least_noise = 1e-12;  // of equal times, which have rounding errors alone
  if (noise <= least_noise) {
    found.chance = beyond > least_noise ? 0 : 1;
  } else {
    const boost::math::fisher_f distribution(freedom, left);
    found.chance =
        boost::math::cdf(boost::math::complement(distribution, beyond / freedom / noise));
  }
  return found;
}

std::vector<KnobPair::Best> best_of(const Cells& cells, double fastest_ns) {
  std::map<std::int64_t, KnobPair::Best> best;
  for (const auto& [values, group] : cells) {
    const double ratio = group.fastest_ns / fastest_ns;
    const auto [at, is_new] = best.try_emplace(values.first);
    if (!is_new && at->second.ratio <= ratio) continue;
    at->second = {values.first, values.second, ratio, group.count};
  }
  std::vector<KnobPair::Best> sorted;
  for (const auto& [value, one] : best) sorted.push_back(one);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.ratio < b.ratio; });
  return sorted;
}

}  // namespace

std::vector<KnobEffect> knob_effects(std::span<const Knob> knobs,
                                     std::span<const TimedConfiguration> trials) {
  std::vector<KnobEffect> effects;
  if (trials.empty()) return effects;
  const LogTimes times = log_times(trials);
  for (std::size_t knob = 0; knob < knobs.size(); ++knob) {
    std::map<std::int64_t, Group> groups;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      groups[trials[i].values[knob]].add(times.logs[i], trials[i].time_ns);
    }
    if (groups.size() < 2) continue;
    effects.push_back({knob, epsilon_squared(groups, times), values_of(groups, times.fastest_ns)});
  }
  std::stable_sort(effects.begin(), effects.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  return effects;
}

std::vector<KnobPair> knob_pairs(std::span<const Knob> knobs,
                                 std::span<const TimedConfiguration> trials) {
  const LogTimes times = log_times(trials);
  std::vector<std::pair<KnobPair, double>> tested;  // with the chance of each
  for (std::size_t first = 0; first < knobs.size(); ++first) {
    for (std::size_t second = first + 1; second < knobs.size(); ++second) {
      const Cells cells = cells_of(trials, times, first, second);
      const std::optional<Interaction> found = interaction(cells, times);
      if (!found) continue;
      tested.push_back(
          {{first, second, found->share, best_of(cells, times.fastest_ns)}, found->chance});
    }
  }
  constexpr double level = 0.05;
  std::vector<KnobPair> pairs;
  for (auto& [pair, chance] : tested) {
    if (chance * static_cast<double>(tested.size()) < level) pairs.push_back(std::move(pair));
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  return pairs;
}

}  // namespace tw
