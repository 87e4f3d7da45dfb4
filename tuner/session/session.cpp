#include "session/session.h"

#include <utility>
#include <vector>

#include "session/final_race.h"
#include "session/run/baselines.h"
#include "session/run/session_run.h"
#include "session/run/trials.h"
#include "session/session_search.h"

namespace tw {
namespace {

RunInfo run_info_of(const SessionRequest& request, const DeviceInfo& device, const Trials& trials) {
  RunInfo info;
  info.context = request.context_of(request.competitors.front());
  info.space_digest = request.competitors.front().space_digest;
  info.objective = request.objective;
  info.strategy = request.strategy;
  info.command = request.command;
  info.device_uuid = device.uuid;
  info.commit = request.commit;
  info.device_json = request.device_json;
  if (request.oracle) info.oracle = request.oracle->name();
  info.seed = request.seed;
  info.space_size = trials.space_size();
  return info;
}

// Returns what the database knows of each competitor; nothing of any if the request is for fresh
// measurements.
std::vector<std::vector<Evaluation>> recall(const SessionRun& run, Trials& trials) {
  const std::vector<Competitor>& competitors = run.request.competitors;
  std::vector<std::vector<Evaluation>> known(competitors.size());
  if (run.request.fresh) return known;
  for (std::size_t i = 0; i < competitors.size(); ++i) {
    known[i] = trials.recall(i, run.store.known(run.request.context_of(competitors[i])));
  }
  return known;
}

void log_start(const SessionRun& run, const Device& device) {
  run.request.log->add("run",
                       {{"run", run.id},
                        {"problem", run.request.problem_key},
                        {"device", device.info().model},
                        {"strategy", run.request.strategy},
                        {"seed", static_cast<std::int64_t>(run.request.seed)},
                        {"baselines", static_cast<std::int64_t>(run.request.baselines.size())}});
  for (const Competitor& one : run.request.competitors) {
    run.request.log->add("space", {{"kernel", one.name},
                                   {"size", static_cast<std::int64_t>(one.space.size())},
                                   {"source_digest", one.code.source_digest}});
  }
}

void log_end(const SessionRun& run, const SessionResult& result) {
  run.request.log->add("end", {{"run", run.id},
                               {"evaluated", result.evaluated},
                               {"known", result.known},
                               {"interrupted", result.interrupted},
                               {"exhausted", result.exhausted},
                               {"ranked", static_cast<std::int64_t>(result.ranking.size())}});
}

void end_run(Store& store, std::int64_t run, const SessionResult& result) {
  if (result.interrupted) return store.end_run(run, RunEnd::interrupted);
  if (result.exhausted) return store.end_run(run, RunEnd::exhausted);
  store.end_run(run, RunEnd::finished, result.certificate ? text_of(*result.certificate) : "");
}

}  // namespace

SessionResult run_session(const SessionRequest& request, Device& device, Store& store,
                          Progress& progress, const std::function<bool()>& stopped) {
  JobRunner jobs(device, *request.log);
  Timings timings(jobs);
  SessionRun run{request, jobs, store, progress, stopped, timings};
  Trials trials(request.competitors, request.objective);
  run.id = store.begin_run(run_info_of(request, device.info(), trials));
  log_start(run, device);
  Baselines baselines(run);
  if (!request.baselines.empty()) timings.begin(Phase::libraries);
  for (const Job& job : request.baselines) baselines.find(job);
  SessionResult result;
  result.space_size = trials.space_size();
  SearchReport search;
  timings.begin(Phase::search);
  if (request.only.empty()) {
    const std::vector<std::vector<Evaluation>> known = recall(run, trials);
    result.known = trials.size();
    if (!stopped() && !request.recall_only) search = search_competitors(run, trials, known);
  }
  FinalRace race;
  timings.end();
  if (request.finalists > 0 && !stopped()) race = race_finalists(run, trials, baselines);
  timings.end();
  result.timings = timings.phases();
  result.workers = device.activity();
  result.interrupted = stopped();
  result.exhausted = trials.size() == result.space_size;
  result.ranking = ranking_of(race, trials);
  result.all_finalists_failed = race.all_failed();
  result.evaluated = search.evaluated;
  result.learned = std::move(search.learned);
  result.outcomes = trials.outcomes();
  result.notes = trials.notes();
  result.baselines = baselines.measurements();
  // The stopping rule is calibrated for one strategy, and for searches of every kernel.
  if (!result.interrupted && request.strategy == "auto") result.certificate = search.certificate;
  result.seconds = run.elapsed_s();
  end_run(store, run.id, result);
  log_end(run, result);
  progress.clear();
  return result;
}

}  // namespace tw
