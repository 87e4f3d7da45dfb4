#include "report/report_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "compare/pairs.h"
#include "report/columns.h"
#include "report/verdict_json.h"
#include "ui/json_text.h"
#include "ui/version.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// Returns a sum over the trials of a run, in seconds; null if it is zero.
template <class Part>
ordered_json sum_of(const Group& group, std::int64_t run, const Part& part) {
  double seconds = 0;
  for (const Trial& trial : group.trials) {
    if (trial.run == run) seconds += part(trial.measurement);
  }
  return known(seconds > 0, seconds);
}

double compile_seconds(const Measurement& measurement) { return measurement.compile_ms * 1e-3; }

double kernel_seconds(const Measurement& measurement) {
  const auto& samples_ns = measurement.samples_ns;
  return std::accumulate(samples_ns.begin(), samples_ns.end(), 0.0) * 1e-9;
}

ordered_json run_json(const Group& group, const StoredRun& run) {
  const RunInfo& info = run.info;
  const double seconds = seconds_between(run.started, run.ended);
  return {{"started", run.started},
          {"ended", run.ended},
          {"seconds", known(seconds >= 0, seconds)},
          {"compile_seconds", sum_of(group, run.id, compile_seconds)},
          {"kernel_seconds", sum_of(group, run.id, kernel_seconds)},
          {"status", run.status},
          {"strategy", info.strategy},
          {"seed", std::to_string(info.seed)},  // JavaScript's numbers have 53 bits
          {"space_size", info.space_size},
          {"space_digest", info.space_digest},
          {"command", info.command},
          {"commit", info.commit},
          {"device_uuid", info.device_uuid},
          {"driver", info.context.situation.driver},
          {"toolchain", info.context.situation.toolchain},
          {"oracle", info.oracle}};
}

ordered_json situation_json(const Situation& situation) {
  return {{"op", situation.op},
          {"problem", situation.problem},
          {"device", situation.device_model},
          {"device_limits", situation.device_limits},
          {"driver", situation.driver},
          {"toolchain", situation.toolchain},
          {"protocol", situation.protocol},
          {"l2", name_of(situation.l2)},
          {"source", name_of(situation.source)}};
}

ordered_json problem_json(const Group& group, const Catalog& catalog) {
  const StoredRun* run = group.runs.empty() ? nullptr : &group.runs.back();
  const Work work = work_of(catalog, group.situation(), run);
  ordered_json problem = situation_json(group.situation());
  problem["flops"] = known(work.flops > 0, work.flops);
  problem["bytes"] = known(work.bytes > 0, work.bytes);
  problem["roof_ns"] = known(work.roof_ns > 0, work.roof_ns);
  problem["no_roof"] = work.unknown;
  problem["verdict"] = group.winner ? verdict_json(group, work) : ordered_json();
  problem["explanation"] = group.winner ? explanation_json(group) : ordered_json();
  problem["baselines"] = baselines_json(group);
  problem["digest"] = group.winner ? group.winner->trial.context.code.source_digest : "";
  problem["runs"] = ordered_json::array();
  for (const StoredRun& one : group.runs) problem["runs"].push_back(run_json(group, one));
  Forecaster forecaster(catalog, group.situation(), work.problem,
                        stored_device(group.situation(), run));
  problem["sets"] = trial_sets(group, forecaster);
  return problem;
}

std::vector<const Situation*> situations_of(const std::vector<Group>& groups) {
  std::vector<const Situation*> situations;
  for (const Group& group : groups) situations.push_back(&group.situation());
  return situations;
}

// Returns the problems that both databases have, as indices into their lists, with the ratio of
// the times, there over here.
ordered_json pairs_json(const std::vector<Group>& here, const std::vector<Group>& there) {
  ordered_json list = ordered_json::array();
  for (const auto& [first, second] :
       pair_winners(situations_of(here), situations_of(there)).pairs) {
    const TimeRatio ratio =
        ratio_of(there[second].winner->trial.measurement, here[first].winner->trial.measurement);
    const Interval interval = ratio.interval.value_or(Interval{});
    list.push_back({{"here", first},
                    {"there", second},
                    {"ratio", ratio.ratio},
                    {"interval", known(ratio.interval.has_value(),
                                       ordered_json::array({interval.low, interval.high}))}});
  }
  return list;
}

// Returns the winners of the other database, without their trials, and their partners in `here`.
ordered_json other_json(const std::string& path, const Filter& filter, const Catalog& catalog,
                        std::vector<Group> here) {
  const Store store = Store::open(path, Store::Mode::read_only);
  // Groups without a winner come last, so that indices of the others stay.
  const auto has_no_winner = [](const Group& group) { return !group.winner; };
  std::vector<Group> groups = groups_of(store, filter);
  std::erase_if(groups, has_no_winner);
  std::erase_if(here, has_no_winner);
  ordered_json problems = ordered_json::array();
  for (const Group& group : groups) {
    const StoredRun* run = group.runs.empty() ? nullptr : &group.runs.back();
    ordered_json problem = situation_json(group.situation());
    problem["verdict"] = verdict_json(group, work_of(catalog, group.situation(), run));
    problems.push_back(std::move(problem));
  }
  return {{"database", path}, {"problems", problems}, {"pairs", pairs_json(here, groups)}};
}

}  // namespace

ordered_json report_json(const ReportRequest& request) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const Store store = Store::open(request.database, Store::Mode::read_only);
  ordered_json problems = ordered_json::array();
  std::vector<Group> groups = groups_of(store, request.filter);
  for (const Group& group : groups) {
    problems.push_back(problem_json(group, catalog));
  }
  ordered_json document{
      {"tilewright", version_text()},
      {"made", fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::now()))},
      {"database", request.database},
      {"command", request.command},
      {"problems", std::move(problems)}};
  document["other"] = request.other.empty()
                          ? ordered_json()
                          : other_json(request.other, request.filter, catalog, std::move(groups));
  return document;
}

}  // namespace tw
