#include "session/final_race.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "core/lowering/lowering.h"
#include "search/race.h"
#include "session/finalist_counters.h"
#include "session/finalists.h"

namespace tw {
namespace {

using EntrantName = std::pair<std::string, std::string>;  // kernel and configuration
EntrantName entrant_of(const Job& job) { return {job.kernel, job.configuration}; }

// The jobs of a race, and the configurations that they measure.
struct Entrants {
  std::vector<Job> jobs;  // of the finalists, then of the baselines
  std::map<EntrantName, TrialKey> by_name;
};

// The finalists after the last round.
struct Raced {
  std::vector<Race::Entrant> ranking, failed;  // fastest first; those that dropped out
};

Job job_of(const SessionRun& run, const Competitor& competitor, std::size_t index) {
  const SessionRequest& request = run.request;
  const Configuration values = competitor.space[index];
  Job job;
  job.problem = request.problem_key;
  job.kernel = competitor.name;
  job.configuration = text_of(competitor.space.knobs(), values);
  job.limits = race_limits;
  job.limits.cold_l2 = request.limits.cold_l2;
  job.limits.timeout_ms = request.limits.timeout_ms;
  job.limits.energy_ms = request.limits.energy_ms;
  job.seed = request.seed;
  if (request.lowering) job.plan = request.lowering->lower(*competitor.kernel, values).plan;
  return job;
}

Entrants entrants_of(const SessionRun& run, const std::vector<TrialKey>& keys,
                     const Baselines& baselines) {
  Entrants entrants;
  for (const TrialKey& key : keys) {
    entrants.jobs.push_back(job_of(run, run.request.competitors[key.competitor], key.index));
    entrants.by_name[entrant_of(entrants.jobs.back())] = key;
  }
  for (Job job : run.request.baselines) {
    if (!baselines.contains(job.baseline.library)) continue;
    job.limits = entrants.jobs.front().limits;
    job.seed = run.request.seed;
    entrants.jobs.push_back(std::move(job));
  }
  return entrants;
}

// Takes the baselines out of a ranking and accepts them. Entrants that were not measured in a whole
// round are in neither list. `is_ended`: the user stopped the race, which may be the reason of a
// failure.
Raced sorted_out(const SessionRun& run, std::vector<Race::Entrant> ranking, bool is_ended,
                 Baselines& baselines) {
  Raced raced;
  for (Race::Entrant& entrant : ranking) {
    const bool worked = entrant.pooled.outcome == Outcome::ok;
    const bool timed = worked && !entrant.medians_ns.empty();
    if (entrant.job.purpose == Purpose::baseline) {
      if (timed) baselines.accept(entrant.job, entrant.pooled);
    } else if (timed) {
      raced.ranking.push_back(std::move(entrant));
    } else if (!worked && !is_ended) {
      run.progress.note(fmt::format("out of the final: {}: {}: {}: {}", entrant.job.kernel,
                                    entrant.job.configuration, name_of(entrant.pooled.outcome),
                                    entrant.pooled.note));
      entrant.pooled.samples_ns.clear();  // of the rounds before it failed
      raced.failed.push_back(std::move(entrant));
    }
  }
  return raced;
}

Raced run_race(const SessionRun& run, const Trials& trials, std::vector<Job> jobs,
               Baselines& baselines) {
  const auto finalist_count = std::count_if(
      jobs.begin(), jobs.end(), [](const Job& job) { return job.purpose != Purpose::baseline; });
  run.request.log->add("race", {{"finalists", std::int64_t{finalist_count}},
                                {"jobs", static_cast<std::int64_t>(jobs.size())},
                                {"rounds", std::int64_t{race_rounds}}});
  Race race(run.jobs, std::move(jobs), race_rounds, run.request.seed, run.floor_ns(),
            run.request.objective);
  while (!run.stopped() && !race.step(run.next_look())) {
    Status status;
    status.what = fmt::format("final of {}, round {} of {}", finalist_count,
                              std::min(race.rounds_done() + 1, race_rounds), race_rounds);
    run.show(std::move(status), trials);
  }
  const bool is_ended = run.stopped();
  if (is_ended) run.jobs.cancel();
  return sorted_out(run, race.ranking(), is_ended, baselines);
}

std::vector<Ranked> rows_of(const Raced& raced, std::size_t tied, const Entrants& entrants,
                            const Trials& trials) {
  std::vector<Ranked> rows;
  for (const Race::Entrant& entrant : raced.ranking) {
    const TrialKey key = entrants.by_name.at(entrant_of(entrant.job));
    rows.push_back({.kernel = entrant.job.kernel,
                    .configuration = entrant.job.configuration,
                    .measurement = entrant.pooled,
                    .median_ns = entrant.pooled.median_ns(),
                    .raced = true,
                    .tied = tied > 1 && rows.size() < tied,
                    .is_default = trials.is_default(key),
                    .slower = slower_than_fastest(entrant.pooled)});
  }
  return rows;
}

// Stores the race in the database. Failures are stored as evidence, and refute the trials of the
// search.
void keep(const SessionRun& run, const Raced& raced, std::size_t tied, const Entrants& entrants,
          Trials& trials) {
  std::vector<Store::Finalist> stored;
  const auto store = [&](const Race::Entrant& entrant) {
    const TrialKey key = entrants.by_name.at(entrant_of(entrant.job));
    stored.push_back({run.request.context_of(trials.competitor_of(key)), entrant.job.configuration,
                      entrant.pooled});
    const auto rank = static_cast<std::int64_t>(stored.size());
    run.request.log->add("finalist", {{"rank", rank},
                                      {"kernel", entrant.job.kernel},
                                      {"configuration", entrant.job.configuration},
                                      {"outcome", std::string(name_of(entrant.pooled.outcome))},
                                      {"median_ns", entrant.pooled.median_ns()},
                                      {"tied", stored.size() <= tied}});
    return key;
  };
  for (const Race::Entrant& entrant : raced.ranking) store(entrant);
  for (const Race::Entrant& entrant : raced.failed) trials.refute(store(entrant), entrant.pooled);
  run.store.append_race(run.id, stored, tied);
}

}  // namespace

FinalRace race_finalists(const SessionRun& run, Trials& trials, Baselines& baselines) {
  run.timings.begin(Phase::race);
  const bool searched = run.request.only.empty();
  const std::vector<TrialKey> keys =
      searched ? finalists(run.request, trials, run.store) : contenders(run.request);
  if (keys.size() < (searched ? 2 : 1)) return {};
  Entrants entrants = entrants_of(run, keys, baselines);
  Raced raced = run_race(run, trials, std::move(entrants.jobs), baselines);
  std::vector<Race::Entrant>& ranking = raced.ranking;
  if (ranking.empty() && raced.failed.empty()) return {};
  const std::size_t tied = Race::tied(ranking);
  Race::break_ties(ranking, tied);
  Race::note_slower(ranking);
  if (run.request.counters) {
    run.timings.begin(Phase::counters);
    add_counters(run.jobs, ranking, tied, run.progress, run.stopped);
    run.timings.begin(Phase::race);
  }
  keep(run, raced, tied, entrants, trials);
  return {.ranking = rows_of(raced, tied, entrants, trials),
          .entrants = {keys.begin(), keys.end()}};
}

std::vector<Ranked> ranking_of(const FinalRace& race, const Trials& trials) {
  if (race.all_failed()) return {};
  std::vector<Ranked> rows = race.ranking;
  const auto value = [&](const Measurement& measurement) {
    return value_of(trials.objective(), measurement);
  };
  for (const auto& [key, measurement] : trials.measurements()) {
    if (!std::isfinite(value(measurement)) || race.entrants.contains(key)) continue;
    rows.push_back({.kernel = trials.competitor_of(key).name,
                    .configuration = trials.configuration_of(key),
                    .measurement = measurement,
                    .median_ns = measurement.median_ns(),
                    .raced = false,
                    .tied = false,
                    .is_default = trials.is_default(key),
                    .slower = {}});
  }
  const std::ptrdiff_t raced = std::ssize(race.ranking);
  std::ptrdiff_t fixed = std::min<std::ptrdiff_t>(raced, 1);
  while (fixed < raced && rows[static_cast<std::size_t>(fixed)].tied) ++fixed;
  std::sort(rows.begin() + fixed, rows.end(), [&](const Ranked& a, const Ranked& b) {
    return std::tuple(value(a.measurement), std::tie(a.kernel, a.configuration)) <
           std::tuple(value(b.measurement), std::tie(b.kernel, b.configuration));
  });
  return rows;
}

}  // namespace tw
