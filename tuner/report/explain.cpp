#include "report/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "search/race.h"
#include "ui/format.h"
#include "ui/json_text.h"

namespace tw {
namespace {

struct Described {
  const char *name, *words;
};
// The work of a kernel, summed over the whole launch.
constexpr Described amounts[] = {
    {"instructions", "instructions of warps"},
    {"dram_read_bytes", "bytes read from DRAM"},
    {"dram_write_bytes", "bytes written to DRAM"},
    {"l2_bytes", "bytes through L2"},
    {"shared_wavefronts", "wavefronts of shared memory"},
    {"bank_conflicts", "bank conflicts of shared memory"},
};
constexpr Described percentages[] = {
    {"occupancy_percent", "warps, of those an SM can hold"},
    {"sm_active_percent", "time in which an SM has a block"},
    {"issue_percent", "cycles that issue an instruction"},
    {"l2_hit_percent", "hits in L2"},
    {"stall_long_scoreboard_percent", "waiting for global memory"},
    {"stall_short_scoreboard_percent", "waiting for shared memory or special functions"},
    {"stall_barrier_percent", "waiting at a barrier"},
    {"stall_gmma_percent", "waiting for wgmma"},
    {"stall_math_pipe_throttle_percent", "waiting for an arithmetic pipe"},
    {"stall_mio_throttle_percent", "waiting for the queue to shared memory"},
    {"stall_lg_throttle_percent", "waiting for the queue of loads and stores"},
    {"stall_no_instruction_percent", "waiting for instructions"},
    {"stall_wait_percent", "waiting for results of fixed latency"},
};
// Smaller differences are noise of a single pass.
constexpr double least_ratio = 1.03, least_points = 3;
constexpr double least_use = 0.1, least_conflicts = 0.05;
constexpr std::size_t most_changes = 4;  // for each kind
constexpr std::size_t most_pairs = 6;
constexpr double least_share = 0.01;  // of a pair

std::optional<double> metric(const Trial& trial, const std::string& name) {
  const auto found = trial.measurement.metrics.find(name);
  if (found == trial.measurement.metrics.end()) return std::nullopt;
  return found->second;
}

double size_of_change(const CounterChange& change) {
  if (change.is_percentage) return std::abs(change.runner_up - change.winner);
  return std::abs(std::log(std::max(change.runner_up, 1.0) / std::max(change.winner, 1.0)));
}

// The hardware counts a few wavefronts even for kernels that do not use shared memory.
bool uses_shared(const Trial& trial) {
  return metric(trial, "shared_wavefronts").value_or(0) >
         least_use * metric(trial, "instructions").value_or(0);
}
// The hardware counts some conflicts even for kernels that have none worth mentioning.
bool has_conflicts(const Trial& trial) {
  return metric(trial, "bank_conflicts").value_or(0) >
         least_conflicts * metric(trial, "shared_wavefronts").value_or(0);
}

std::vector<CounterChange> changes_between(const Trial& winner, const Trial& other,
                                           std::span<const Described> counters, bool in_points) {
  std::vector<CounterChange> changes;
  for (const auto& [name, words] : counters) {
    const auto its = metric(winner, name), others = metric(other, name);
    if (!its || !others) continue;
    if (name == std::string_view("shared_wavefronts") && !uses_shared(winner) &&
        !uses_shared(other)) {
      continue;
    }
    if (name == std::string_view("bank_conflicts") && !has_conflicts(winner) &&
        !has_conflicts(other)) {
      continue;
    }
    CounterChange change{name, words, in_points, *its, *others};
    if (size_of_change(change) >= (in_points ? least_points : std::log(least_ratio))) {
      changes.push_back(std::move(change));
    }
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    return size_of_change(a) > size_of_change(b);
  });
  if (changes.size() > most_changes) changes.resize(most_changes);
  return changes;
}

bool is_tied(const Winner& winner, const Trial& trial) {
  const std::string name = trial.context.code.kernel + ": " + trial.configuration;
  return std::find(winner.tied.begin(), winner.tied.end(), name) != winner.tied.end();
}

void compare(Explanation& found, const std::vector<Trial>& finalists) {
  if (finalists.size() < 2) return;
  const auto slower = std::find_if(finalists.begin() + 1, finalists.end(), [&](const Trial& trial) {
    return !is_tied(found.winner, trial);
  });
  found.runner_up_is_tied = slower == finalists.end();
  const Trial& other = found.runner_up_is_tied ? finalists[1] : *slower;
  found.runner_up = other;
  found.slower = slower_than_fastest(other.measurement);
  found.runner_up_bottleneck = bottleneck(other.measurement.metrics);
  found.changes = changes_between(finalists.front(), other, amounts, false);
  for (CounterChange& change : changes_between(finalists.front(), other, percentages, true)) {
    found.changes.push_back(std::move(change));
  }
}

// Returns the values of a configuration's text, as indices into the knobs' words, which grow.
// Returns an empty configuration if the text has other knobs, from an earlier space.
Configuration values_of(const std::string& text, std::vector<Knob>& knobs) {
  const std::vector<std::string> words = words_of(text);
  if (words.size() != knobs.size()) return {};
  Configuration values;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string prefix = knobs[i].name + "=";
    if (!words[i].starts_with(prefix)) return {};
    const std::string value = words[i].substr(prefix.size());
    const auto known = std::find(knobs[i].words.begin(), knobs[i].words.end(), value);
    values.push_back(known - knobs[i].words.begin());
    if (known == knobs[i].words.end()) knobs[i].words.push_back(value);
  }
  return values;
}

void weigh_knobs(Explanation& found, const std::vector<Trial>& trials) {
  for (const std::string& word : words_of(found.winner.trial.configuration)) {
    Knob& knob = found.knobs.emplace_back();
    knob.kind = Knob::Kind::word;
    knob.name = word.substr(0, word.find('='));
  }
  std::vector<TimedConfiguration> timed;
  for (const Trial& trial : trials) {
    const double median_ns = trial.measurement.median_ns();
    if (trial.measurement.outcome != Outcome::ok || median_ns <= 0) continue;
    Configuration values = values_of(trial.configuration, found.knobs);
    if (!values.empty()) timed.push_back({std::move(values), median_ns});
  }
  found.trials = timed.size();
  found.effects = knob_effects(found.knobs, timed);
  found.pairs = knob_pairs(found.knobs, timed);
  std::erase_if(found.pairs, [](const KnobPair& pair) { return pair.share < least_share; });
  if (found.pairs.size() > most_pairs) found.pairs.resize(most_pairs);
}

}  // namespace

Explanation explain(const Winner& winner, const std::vector<Trial>& finalists,
                    const std::vector<Trial>& trials) {
  Explanation found;
  found.winner = winner;
  found.finalists = finalists.size();
  found.bottleneck = bottleneck(winner.trial.measurement.metrics);
  compare(found, finalists);
  weigh_knobs(found, trials);
  return found;
}

bool has_share(const Explanation& found, const KnobEffect& effect) {
  return found.trials > effect.values.size();
}

nlohmann::ordered_json effects_json(const Explanation& found) {
  auto effects = nlohmann::ordered_json::array();
  for (const KnobEffect& effect : found.effects) {
    const Knob& knob = found.knobs[effect.knob];
    auto values = nlohmann::ordered_json::array();
    for (const KnobEffect::Value& value : effect.values) {
      values.push_back(
          {{"value", knob.text(value.value)}, {"ratio", value.ratio}, {"trials", value.trials}});
    }
    effects.push_back({{"knob", knob.name},
                       {"share", known(has_share(found, effect), effect.share)},
                       {"values", values}});
  }
  return effects;
}

nlohmann::ordered_json pairs_json(const Explanation& found) {
  auto pairs = nlohmann::ordered_json::array();
  for (const KnobPair& pair : found.pairs) {
    const Knob &first = found.knobs[pair.first], &second = found.knobs[pair.second];
    auto best = nlohmann::ordered_json::array();
    for (const KnobPair::Best& one : pair.best) {
      best.push_back({{"values", {first.text(one.first), second.text(one.second)}},
                      {"ratio", one.ratio},
                      {"trials", one.trials}});
    }
    pairs.push_back({{"knobs", {first.name, second.name}}, {"share", pair.share}, {"best", best}});
  }
  return pairs;
}

std::string amount_text(const CounterChange& change, double value) {
  if (change.is_percentage) return fmt::format("{:.0f} %", value);
  return format_rate(value, change.name.ends_with("bytes") ? "B" : "");
}

std::string change_text(const CounterChange& change) {
  if (change.is_percentage) return fmt::format("{:+.0f} points", change.runner_up - change.winner);
  return change.winner > 0 ? fmt::format("x {:.2f}", change.runner_up / change.winner) : "";
}

}  // namespace tw
