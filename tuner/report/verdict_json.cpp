#include "report/verdict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/statistics.h"
#include "report/explain.h"
#include "search/race.h"
#include "ui/format.h"
#include "ui/json_text.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

ordered_json pair_of(const Interval& interval) {
  return ordered_json::array({interval.low, interval.high});
}

// Adds the median of a measurement and the interval of the median.
void add_time(const Measurement& measurement, ordered_json& object) {
  const double median_ns = measurement.median_ns();
  const Interval interval = median_interval(measurement.samples_ns);
  const bool has_interval = measurement.samples_ns.size() > 1;
  object["median_ns"] = median_ns;
  object["median"] = format_time(median_ns);
  object["samples"] = measurement.samples_ns.size();
  object["interval_ns"] = known(has_interval, pair_of(interval));
  object["half_interval"] =
      has_interval ? fmt::format("{:.1f} %", (interval.high - interval.low) / 2 / median_ns * 100)
                   : "";
}

// Returns the certificate in the status of the latest run that has one; empty if there is none.
std::string certificate_of(const std::vector<StoredRun>& runs) {
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    const std::size_t colon = run->status.find(": ");
    if (colon != std::string::npos) return run->status.substr(colon + 2);
  }
  return "";
}

// Returns whether a search evaluated the whole space.
bool is_exhausted(const std::vector<StoredRun>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const StoredRun& run) {
    return run.status.starts_with(name_of(RunEnd::exhausted));
  });
}

// Returns the ratios of the paired rounds of two finalists, as far as their rounds are known.
ordered_json paired_ratios(const std::vector<double>& first, const std::vector<double>& other) {
  ordered_json ratios = ordered_json::array();
  for (std::size_t i = 0; i < std::min(first.size(), other.size()); ++i) {
    ratios.push_back(other[i] / first[i]);
  }
  return ratios;
}

ordered_json finalists_json(const Group& group) {
  ordered_json list = ordered_json::array();
  const Winner& winner = *group.winner;
  const std::vector<double> winner_rounds = round_medians(winner.trial.measurement);
  for (const Trial& trial : group.finalists) {
    const std::string name = trial.context.code.kernel + ": " + trial.configuration;
    const bool wins = trial.id == winner.trial.id;
    const bool is_tied =
        std::find(winner.tied.begin(), winner.tied.end(), name) != winner.tied.end();
    const auto slower = slower_than_fastest(trial.measurement);
    ordered_json row{{"kernel", trial.context.code.kernel},
                     {"configuration", trial.configuration},
                     {"differs", wins ? ""
                                 : trial.context.code.kernel == winner.trial.context.code.kernel
                                     ? difference(trial.configuration, winner.trial.configuration)
                                     : trial.configuration},
                     {"wins", wins},
                     {"tied", is_tied},
                     {"slower", slower ? pair_of(*slower) : ordered_json()},
                     {"rounds", paired_ratios(winner_rounds, round_medians(trial.measurement))},
                     {"slower_text", slower ? format_slower(slower->low, slower->high) : ""}};
    add_time(trial.measurement, row);
    add_resources(trial.measurement, row);
    list.push_back(std::move(row));
  }
  return list;
}

ordered_json counters_json(const Explanation& found) {
  if (!found.bottleneck) return {};
  ordered_json uses = ordered_json::array(), changes = ordered_json::array();
  for (const Use& use : found.bottleneck->uses) uses.push_back({name_of(use.bound), use.percent});
  for (const CounterChange& change : found.changes) {
    changes.push_back({{"words", change.words},
                       {"winner", amount_text(change, change.winner)},
                       {"runner_up", amount_text(change, change.runner_up)},
                       {"change", change_text(change)}});
  }
  return {{"bound", found.bottleneck->text}, {"uses", uses}, {"changes", changes}};
}

ordered_json runner_up_json(const Explanation& found) {
  if (!found.runner_up) return {};
  return {{"kernel", found.runner_up->context.code.kernel},
          {"configuration", found.runner_up->configuration},
          {"tied", found.runner_up_is_tied},
          {"bound", found.runner_up_bottleneck ? found.runner_up_bottleneck->text : ""}};
}

}  // namespace

ordered_json verdict_json(const Group& group, const Work& work) {
  const Winner& winner = *group.winner;
  const Trial& trial = winner.trial;
  const double median_ns = trial.measurement.median_ns();
  ordered_json verdict{{"kernel", trial.context.code.kernel},
                       {"configuration", trial.configuration}};
  add_time(trial.measurement, verdict);
  add_resources(trial.measurement, verdict);
  verdict["raced"] = winner.raced;
  verdict["tied"] = winner.tied;
  verdict["baseline"] = known(winner.baseline_ns.has_value(), winner.baseline);
  verdict["baseline_ns"] = known(winner.baseline_ns.has_value(), winner.baseline_ns.value_or(0));
  verdict["baseline_median"] = winner.baseline_ns ? format_time(*winner.baseline_ns) : "";
  verdict["speedup"] =
      known(winner.baseline_ns.has_value(), winner.baseline_ns.value_or(0) / median_ns);
  verdict["rate"] = rate_text(work, median_ns);
  verdict["of_roof"] = known(work.roof_ns > 0, work.roof_ns / median_ns);
  verdict["confidence"] = certificate_of(group.runs);
  verdict["is_exhausted"] = is_exhausted(group.runs);
  verdict["finalists"] = finalists_json(group);
  return verdict;
}

ordered_json explanation_json(const Group& group) {
  const Explanation found = explain(*group.winner, group.finalists, group.known);
  return {{"trials", found.trials},
          {"knobs", effects_json(found)},
          {"pairs", pairs_json(found)},
          {"counters", counters_json(found)},
          {"runner_up", runner_up_json(found)}};
}

ordered_json baselines_json(const Group& group) {
  std::map<std::string, const Trial*> newest;
  for (const Trial& trial : group.trials) {
    if (trial.kind != TrialKind::baseline || trial.measurement.outcome != Outcome::ok) continue;
    newest[trial.context.code.kernel] = &trial;
  }
  ordered_json list = ordered_json::array();
  for (const auto& [library, trial] : newest) {
    ordered_json row{{"library", library}, {"version", trial->context.code.source_digest}};
    add_time(trial->measurement, row);
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace tw
