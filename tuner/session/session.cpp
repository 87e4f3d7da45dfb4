// Longer than 400 lines: one class, whose steps share the state of one search.
#include "session/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/model/time_model.h"
#include "search/driver.h"
#include "search/race.h"
#include "session/elsewhere.h"
#include "session/finalist_counters.h"

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto tick = std::chrono::milliseconds(100);  // between checks of `stopped`
// for timers: a time that is below the roofline by a larger factor is impossible
constexpr double roof_slack = 1.02;
// trials of unknown work on the cpu device before it gives up
constexpr std::int64_t patient_trials = 3;

struct Key {
  std::size_t competitor = 0, index = 0;
  auto operator<=>(const Key&) const = default;
};

using EntrantName = std::pair<std::string, std::string>;  // kernel and configuration
EntrantName entrant_of(const Job& job) { return {job.kernel, job.configuration}; }

class Session {
 public:
  Session(const SessionRequest& request, Device& device, Store& store, Progress& progress,
          const std::function<bool()>& stopped)
      : request_(request),
        device_(device),
        store_(store),
        progress_(progress),
        stopped_(stopped),
        info_(device.info()) {}

  SessionResult run();

 private:
  std::vector<Evaluation> recall(std::size_t competitor);
  void begin();
  Context baseline_context(const Job& job) const;
  void note_missed_work(const std::string& whose, const Measurement& measurement);
  void accept_baseline(const Job& job, Measurement measurement);
  void measure_baseline(Job job);
  struct Search;
  SearchTask task_of(std::size_t competitor, Strategy& strategy) const;
  void expect(Search& search);
  void learn(Search& search);
  void search(std::span<const std::vector<Evaluation>> known);
  void run(Search& search, std::int64_t share, double until_s);
  double best_of(std::size_t competitor) const;
  void note_certificate(const Certificate& certificate);
  void accept(Key key, Measurement measurement);
  void give_up() const;
  void count(Key key, Measurement measurement);
  bool is_known_to_fail(Key key) const;
  std::vector<Key> finalists() const;
  std::vector<Key> contenders() const;
  std::optional<Key> previous_winner() const;
  Job job_of(Key key) const;
  struct Raced {
    std::vector<Race::Entrant> ranking, failed;  // fastest first; those that dropped out
  };
  Raced raced(std::vector<Job> jobs, std::size_t entrants);
  void race();
  void keep(const Raced& raced, const std::map<EntrantName, Key>& keys, std::size_t tied);
  void refute(Key key, const Measurement& measurement);
  void rank();
  void show(const std::string& what, bool searching = false);

  const Competitor& competitor(Key key) const { return request_.competitors[key.competitor]; }
  std::string configuration_of(Key key) const {
    const SearchSpace& space = competitor(key).space;
    return text_of(space.knobs(), space[key.index]);
  }
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  const SessionRequest& request_;
  Device& device_;
  Store& store_;
  Progress& progress_;
  const std::function<bool()>& stopped_;
  const DeviceInfo& info_;
  Clock::time_point began_ = Clock::now();
  std::int64_t run_ = 0, failed_ = 0;
  bool said_missed_work_ = false;
  std::map<Key, Measurement> trials_;  // known and new evaluations
  std::set<Key> pruned_before_;        // pruned by an earlier run in the database
  std::optional<Key> best_;
  double best_ns_ = 0;
  std::set<Key> entrants_;
  std::vector<Ranked> race_ranking_;
  SessionResult result_;
};

SessionResult Session::run() {
  begin();
  for (const Job& job : request_.baselines) measure_baseline(job);
  if (request_.only.empty()) {
    std::vector<std::vector<Evaluation>> known;
    for (std::size_t i = 0; i < request_.competitors.size(); ++i) known.push_back(recall(i));
    result_.known = static_cast<std::int64_t>(trials_.size());
    if (!stopped_() && !request_.recall_only) search(known);
  }
  if (request_.finalists > 0 && !stopped_()) race();
  result_.interrupted = stopped_();
  result_.exhausted = std::ssize(trials_) == result_.space_size;
  rank();
  result_.seconds = elapsed_s();
  // The stopping rule is calibrated for one strategy, and for searches of every kernel.
  if (result_.interrupted || request_.strategy != "auto") result_.certificate.reset();
  const std::string found = result_.certificate ? text_of(*result_.certificate) : "";
  store_.end_run(run_, result_.interrupted ? "interrupted"
                       : result_.exhausted ? "exhausted"
                       : found.empty()     ? "finished"
                                           : "finished: " + found);
  progress_.clear();
  return std::move(result_);
}

void Session::begin() {
  RunInfo run;
  run.context = request_.competitors.front().context;
  run.space_digest = request_.competitors.front().space_digest;
  run.strategy = request_.strategy;
  run.command = request_.command;
  run.device_uuid = info_.uuid;
  run.commit = request_.commit;
  run.device_json = request_.device_json;
  if (request_.oracle) run.oracle = request_.oracle->name();
  run.seed = request_.seed;
  for (const Competitor& competitor : request_.competitors) {
    run.space_size += static_cast<std::int64_t>(competitor.space.size());
  }
  result_.space_size = run.space_size;
  run_ = store_.begin_run(run);
}

// Returns what the database knows of this space. Pruned configurations are proven slow again,
// because a better time may have been known in the earlier run than now.
std::vector<Evaluation> Session::recall(std::size_t at) {
  std::vector<Evaluation> evaluations;
  if (request_.fresh) return evaluations;
  const Competitor& competitor = request_.competitors[at];
  for (Trial& trial : store_.known(competitor.context)) {
    const auto index = index_in(competitor.space, trial.configuration);
    if (!index) continue;
    if (trial.measurement.outcome == Outcome::pruned) {
      pruned_before_.insert({at, *index});
      continue;
    }
    const double time_ns = trial.measurement.outcome == Outcome::ok
                               ? trial.measurement.median_ns()
                               : std::numeric_limits<double>::infinity();
    evaluations.push_back({*index, time_ns});
    count({at, *index}, std::move(trial.measurement));
  }
  return evaluations;
}

Context Session::baseline_context(const Job& job) const {
  Context context = request_.competitors.front().context;
  context.kernel = job.baseline.library;
  context.source_digest.clear();
  return context;
}

// Reports work that the timer missed. It is reported once per search, and for every baseline.
void Session::note_missed_work(const std::string& whose, const Measurement& measurement) {
  if (!measurement.metrics.contains("unaccounted_ns")) return;
  progress_.note(fmt::format("{}: {}", whose, measurement.note));
}

void Session::accept_baseline(const Job& job, Measurement measurement) {
  const Context context = baseline_context(job);
  note_missed_work(context.kernel, measurement);
  store_.append(run_, TrialKind::baseline, context, "", measurement);
  result_.baselines[context.kernel] = std::move(measurement);
}

void Session::measure_baseline(Job job) {
  const Context context = baseline_context(job);
  if (!request_.fresh) {
    if (auto stored = store_.baseline(context);
        stored && stored->context.kernel == context.kernel) {
      result_.baselines[context.kernel] = std::move(stored->measurement);
      return;
    }
  }
  job.id = 1;
  job.limits = request_.limits;
  job.seed = request_.seed;
  device_.submit(job);
  while (!stopped_()) {
    show(job.baseline.library);
    std::vector<Finished> finished = device_.wait(Clock::now() + tick);
    if (finished.empty()) continue;
    Measurement& measurement = finished.front().measurement;
    if (measurement.outcome != Outcome::ok) {
      progress_.note(fmt::format("no baseline: {}: {}", job.baseline.library, measurement.note));
      return;
    }
    accept_baseline(job, std::move(measurement));
    return;
  }
  device_.cancel();
}

// The search of one kernel. It can be continued later.
struct Session::Search {
  Search(const Session& session, std::size_t competitor)
      : at(competitor),
        strategy(make_strategy(session.request_.strategy, session.request_.competitors[at].space,
                               session.request_.seed)),
        driver(session.device_, session.task_of(at, *strategy)),
        rule(session.request_.competitors[at].space.size()) {}

  std::size_t at;
  std::unique_ptr<Strategy> strategy;
  Driver driver;
  StoppingRule rule;
};

SearchTask Session::task_of(std::size_t at, Strategy& strategy) const {
  const Competitor& competitor = request_.competitors[at];
  return {.catalog = request_.catalog,
          .kernel = competitor.kernel,
          .problem = request_.problem,
          .problem_key = request_.problem_key,
          .oracle = request_.oracle ? &request_.oracle->plan : nullptr,
          .kernel_name = competitor.name,
          .space = &competitor.space,
          .strategy = &strategy,
          .limits = request_.limits,
          .floor_ns = request_.roof_ns / roof_slack,
          .least_time = competitor.least_time,
          .seed = request_.seed};
}

// Gives the kernel's forecasts of times to the strategy as hints.
void Session::expect(Search& search) {
  const Competitor& competitor = request_.competitors[search.at];
  if (!competitor.kernel || !competitor.kernel->model) return;
  const OpSpec& op = request_.catalog->at(competitor.kernel->op).op;
  const auto model = std::make_shared<TimeModel>(op, *competitor.kernel, request_.problem, info_);
  search.strategy->expect([model, &space = competitor.space](std::size_t index) {
    return model->time_ns(space[index]);
  });
}

// Gives the trials of other shapes, dtypes and devices to the strategy as hints.
void Session::learn(Search& search) {
  const Competitor& competitor = request_.competitors[search.at];
  const auto elsewhere = known_elsewhere(store_, request_, competitor);
  if (!elsewhere) return;
  search.strategy->learn(elsewhere->evaluations);
  if (request_.strategy != "auto") return;
  result_.learned.push_back({competitor.name, elsewhere->context.problem,
                             elsewhere->context.device_model, elsewhere->evaluations.size()});
}

// Half of the budget is divided evenly among the kernels. Then the fastest kernel gets the rest,
// and what it leaves goes to the next one.
void Session::search(std::span<const std::vector<Evaluation>> known) {
  std::vector<std::unique_ptr<Search>> searches;
  for (std::size_t i = 0; i < request_.competitors.size(); ++i) {
    searches.push_back(std::make_unique<Search>(*this, i));
    expect(*searches.back());
    if (!request_.fresh) learn(*searches.back());
    searches.back()->driver.tell_known(known[i]);
    for (const Evaluation& one : known[i]) searches.back()->rule.tell(one.time_ns);
  }
  const Budget& budget = request_.budget;
  const double parts = searches.size() > 1 ? 2 : 1;
  // Without a bound use half of the range, so that the sums below cannot overflow.
  const std::int64_t trials =
      budget.evaluations > 0 ? budget.evaluations : std::numeric_limits<std::int64_t>::max() / 2;
  const double seconds =
      budget.seconds > 0 ? budget.seconds : std::numeric_limits<double>::infinity();
  const auto half = searches.size() > 1 ? trials - trials / 2 : trials;
  auto left = static_cast<std::int64_t>(searches.size());
  for (const auto& search : searches) {
    const double now_s = elapsed_s();
    run(*search, (half - result_.evaluated + left - 1) / left,
        now_s + (seconds / parts - now_s) / static_cast<double>(left));
    --left;
  }
  std::stable_sort(searches.begin(), searches.end(), [this](const auto& a, const auto& b) {
    return best_of(a->at) < best_of(b->at);
  });
  for (const auto& search : searches) run(*search, trials - result_.evaluated, seconds);
  for (const auto& search : searches) note_certificate(search->rule.certificate());
}

// Returns the best time of a kernel in ns; infinity if it has none.
double Session::best_of(std::size_t competitor) const {
  double best_ns = std::numeric_limits<double>::infinity();
  for (const auto& [key, measurement] : trials_) {
    const double median_ns = measurement.median_ns();
    const bool counts = measurement.outcome == Outcome::ok && median_ns > 0;
    if (key.competitor == competitor && counts) best_ns = std::min(best_ns, median_ns);
  }
  return best_ns;
}

// Runs at most `share` evaluations. None starts after `until_s`, or once the search is sure enough
// that little can be gained.
void Session::run(Search& search, std::int64_t share, double until_s) {
  Driver& driver = search.driver;
  driver.offer_incumbent(best_ns_);
  const std::int64_t first = result_.evaluated;
  while (!stopped_() && !driver.exhausted()) {
    const std::int64_t left = share - (result_.evaluated - first) - driver.outstanding();
    const bool is_certain = request_.budget.until_certain && search.rule.may_stop();
    const bool may_start = left > 0 && elapsed_s() < until_s && !is_certain;
    if (!may_start && driver.outstanding() == 0) return;
    for (Driver::Result& one : driver.step(may_start ? left : 0, Clock::now() + tick)) {
      // the failure may come from the interruption
      if (stopped_() && one.measurement.outcome != Outcome::ok) continue;
      if (one.measurement.outcome == Outcome::pruned) {
        search.rule.exclude();
      } else {
        search.rule.tell(one.measurement.outcome == Outcome::ok
                             ? one.measurement.median_ns()
                             : std::numeric_limits<double>::infinity());
      }
      accept({search.at, one.index}, std::move(one.measurement));
    }
    show(request_.competitors[search.at].name, true);
  }
  if (driver.outstanding() > 0) device_.cancel();
}

// The certificate of all kernels is the certificate of the least sure one.
void Session::note_certificate(const Certificate& certificate) {
  const bool is_first = !result_.certificate;
  if (is_first || certificate.confidence < result_.certificate->confidence) {
    result_.certificate = certificate;
  }
}

void Session::accept(Key key, Measurement measurement) {
  if (measurement.outcome != Outcome::pruned || !pruned_before_.contains(key)) {
    store_.append(run_, TrialKind::search, competitor(key).context, configuration_of(key),
                  measurement);
  }
  if (measurement.outcome != Outcome::pruned) {
    ++result_.evaluated;
    if (measurement.outcome != Outcome::ok) ++failed_;
    if (measurement.metrics.contains("unaccounted_ns") && !std::exchange(said_missed_work_, true)) {
      note_missed_work(fmt::format("{}: {}", competitor(key).name, configuration_of(key)),
                       measurement);
    }
  }
  count(key, std::move(measurement));
  give_up();
}

// Throws Error if none of the first configurations ended on the cpu device and no estimate had
// refused the problem.
void Session::give_up() const {
  if (!request_.unknown_work || result_.outcomes.size() != 1) return;
  const auto [outcome, trials] = *result_.outcomes.begin();
  if (outcome != Outcome::timed_out || trials < patient_trials) return;
  throw Error(
      fmt::format("{}: the first {} configurations took the cpu device, an emulation for checking "
                  "correctness, more than {:.0f} s each: use a GPU or smaller sizes (with 'flops' "
                  "in its [op] a spec is refused before anything runs)",
                  request_.problem_key, trials, request_.limits.timeout_ms / 1000));
}

void Session::count(Key key, Measurement measurement) {
  ++result_.outcomes[measurement.outcome];
  if (!measurement.note.empty()) result_.notes.emplace(measurement.outcome, measurement.note);
  const double median_ns = measurement.median_ns();
  if (measurement.outcome == Outcome::ok && median_ns > 0 && (!best_ || median_ns < best_ns_)) {
    best_ = key;
    best_ns_ = median_ns;
  }
  trials_[key] = std::move(measurement);
}

bool Session::is_known_to_fail(Key key) const {
  const auto known = trials_.find(key);
  if (known == trials_.end()) return false;
  return known->second.outcome != Outcome::ok && known->second.outcome != Outcome::pruned;
}

// Returns the best few, each kernel's default and the previous winner, unless they are known to
// fail. A pruned default takes part: users want to know how much faster the winner is.
std::vector<Key> Session::finalists() const {
  std::vector<std::pair<double, Key>> timed;
  for (const auto& [key, measurement] : trials_) {
    if (measurement.outcome == Outcome::ok) timed.emplace_back(measurement.median_ns(), key);
  }
  std::sort(timed.begin(), timed.end());
  std::vector<Key> keys;
  const auto add = [&](Key key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const auto& [median_ns, key] : timed) {
    if (keys.size() == static_cast<std::size_t>(request_.finalists)) break;
    add(key);
  }
  if (keys.empty()) return keys;
  for (std::size_t i = 0; i < request_.competitors.size(); ++i) {
    const Key key{i, request_.competitors[i].space.default_index()};
    if (!is_known_to_fail(key)) add(key);
  }
  if (const auto previous = previous_winner(); previous && !is_known_to_fail(*previous)) {
    add(*previous);
  }
  return keys;
}

// Returns the named configurations that are in their spaces.
std::vector<Key> Session::contenders() const {
  std::vector<Key> keys;
  for (const Contender& one : request_.only) {
    for (std::size_t i = 0; i < request_.competitors.size(); ++i) {
      const Competitor& its = request_.competitors[i];
      if (its.name != one.kernel) continue;
      if (const auto index = index_in(its.space, one.configuration)) keys.push_back({i, *index});
    }
  }
  return keys;
}

std::optional<Key> Session::previous_winner() const {
  const Context& context = request_.competitors.front().context;
  Filter filter;
  filter.op = context.op;
  filter.problem = context.problem;
  filter.device = context.device_model;
  filter.source = name_of(context.source);
  filter.l2 = name_of(context.l2);
  for (const Winner& winner : store_.winners(filter)) {
    const Context& its = winner.trial.context;
    if (its.problem != context.problem || its.device_limits != context.device_limits) continue;
    for (std::size_t i = 0; i < request_.competitors.size(); ++i) {
      const Competitor& one = request_.competitors[i];
      if (one.name != its.kernel || one.context.source_digest != its.source_digest) continue;
      try {
        const auto values = configuration_from(one.space.knobs(), winner.trial.configuration);
        if (const auto index = one.space.find(values)) return Key{i, *index};
      } catch (const Error&) {
        continue;  // stored with an earlier version of the space
      }
    }
  }
  return std::nullopt;
}

Job Session::job_of(Key key) const {
  const Competitor& one = competitor(key);
  const Configuration values = one.space[key.index];
  Job job;
  job.problem = request_.problem_key;
  job.kernel = one.name;
  job.configuration = text_of(one.space.knobs(), values);
  job.limits = race_limits;
  job.limits.cold_l2 = request_.limits.cold_l2;
  job.limits.timeout_ms = request_.limits.timeout_ms;
  job.seed = request_.seed;
  if (request_.catalog) {
    job.plan = lower(*request_.catalog, *one.kernel, request_.problem, info_, values).plan;
    if (request_.oracle) job.plan.oracle = request_.oracle->plan;
  }
  return job;
}

// Races the jobs. Takes baselines out and stores them. Entrants that were not measured in a whole
// round are in neither list.
Session::Raced Session::raced(std::vector<Job> jobs, std::size_t entrants) {
  Race race(device_, std::move(jobs), race_rounds, request_.seed, request_.roof_ns / roof_slack);
  while (!stopped_() && !race.step(Clock::now() + tick)) {
    show(fmt::format("final of {}, round {} of {}", entrants,
                     std::min(race.rounds_done() + 1, race_rounds), race_rounds));
  }
  const bool is_ended = stopped_();  // a failure may then come from the interruption
  if (is_ended) device_.cancel();
  Raced raced;
  for (Race::Entrant& entrant : race.ranking()) {
    const bool worked = entrant.pooled.outcome == Outcome::ok;
    const bool timed = worked && !entrant.medians_ns.empty();
    if (entrant.job.purpose == Purpose::baseline) {
      if (timed) accept_baseline(entrant.job, entrant.pooled);
    } else if (timed) {
      raced.ranking.push_back(std::move(entrant));
    } else if (!worked && !is_ended) {
      progress_.note(fmt::format("out of the final: {}: {}: {}: {}", entrant.job.kernel,
                                 entrant.job.configuration, name_of(entrant.pooled.outcome),
                                 entrant.pooled.note));
      entrant.pooled.samples_ns.clear();  // of the rounds before it failed
      raced.failed.push_back(std::move(entrant));
    }
  }
  return raced;
}

void Session::race() {
  const bool searched = request_.only.empty();
  const std::vector<Key> keys = searched ? finalists() : contenders();
  if (keys.size() < (searched ? 2 : 1)) return;
  std::vector<Job> jobs;
  std::map<EntrantName, Key> by_name;
  for (const Key& key : keys) {
    jobs.push_back(job_of(key));
    by_name[entrant_of(jobs.back())] = key;
  }
  for (Job job : request_.baselines) {
    // Baselines take part, so that ratios to them are measured at the same clocks.
    if (!result_.baselines.contains(job.baseline.library)) continue;
    job.limits = jobs.front().limits;
    job.seed = request_.seed;
    jobs.push_back(std::move(job));
  }
  Raced raced = this->raced(std::move(jobs), keys.size());
  std::vector<Race::Entrant>& ranking = raced.ranking;
  if (ranking.empty() && raced.failed.empty()) return;
  entrants_.insert(keys.begin(), keys.end());
  const std::size_t tied = Race::tied(ranking);
  Race::break_ties(ranking, tied);
  Race::note_slower(ranking);
  if (request_.counters) add_counters(device_, ranking, progress_, stopped_);
  keep(raced, by_name, tied);
}

// Stores the race in the database and puts the finalists first in the result. Failures are stored
// as evidence.
void Session::keep(const Raced& raced, const std::map<EntrantName, Key>& keys, std::size_t tied) {
  std::vector<Store::Finalist> stored;
  const auto store = [&](const Race::Entrant& entrant) {
    const Key key = keys.at(entrant_of(entrant.job));
    stored.push_back({competitor(key).context, entrant.job.configuration, entrant.pooled});
    return key;
  };
  for (const Race::Entrant& entrant : raced.ranking) {
    const Key key = store(entrant);
    race_ranking_.push_back({.kernel = entrant.job.kernel,
                             .configuration = entrant.job.configuration,
                             .measurement = entrant.pooled,
                             .median_ns = entrant.pooled.median_ns(),
                             .raced = true,
                             .tied = tied > 1 && stored.size() <= tied,
                             .is_default = key.index == competitor(key).space.default_index(),
                             .slower = slower_than_fastest(entrant.pooled)});
  }
  for (const Race::Entrant& entrant : raced.failed) refute(store(entrant), entrant.pooled);
  store_.append_race(run_, stored, tied);
  result_.all_finalists_failed = raced.ranking.empty();
}

// Replaces the known measurement of a configuration that worked in the search and fails in the
// race.
void Session::refute(Key key, const Measurement& measurement) {
  const auto known = trials_.find(key);
  if (known == trials_.end()) return;
  const auto count_of_it = result_.outcomes.find(known->second.outcome);
  if (--count_of_it->second == 0) result_.outcomes.erase(count_of_it);
  count(key, measurement);
}

void Session::rank() {
  // nothing wins, even if the search found other configurations
  if (result_.all_finalists_failed) return;
  const auto by_time = [](const Ranked& a, const Ranked& b) {
    return std::tie(a.median_ns, a.kernel, a.configuration) <
           std::tie(b.median_ns, b.kernel, b.configuration);
  };
  std::vector<Ranked> rows = race_ranking_;
  for (const auto& [key, measurement] : trials_) {
    if (measurement.outcome != Outcome::ok || entrants_.contains(key)) continue;
    rows.push_back({.kernel = competitor(key).name,
                    .configuration = configuration_of(key),
                    .measurement = measurement,
                    .median_ns = measurement.median_ns(),
                    .raced = false,
                    .tied = false,
                    .is_default = key.index == competitor(key).space.default_index(),
                    .slower = {}});
  }
  // An unraced time never displaces the race's winner or its ties.
  std::ptrdiff_t fixed = race_ranking_.empty() ? 0 : 1;
  while (fixed < std::ssize(race_ranking_) && race_ranking_[static_cast<std::size_t>(fixed)].tied) {
    ++fixed;
  }
  std::sort(rows.begin() + fixed, rows.end(), by_time);
  result_.ranking = std::move(rows);
}

// `searching` adds the counts of the search.
void Session::show(const std::string& what, bool searching) {
  for (const std::string& notice : device_.notices()) progress_.note(notice);
  Status status;
  status.what = what;
  if (searching) {
    const Budget& budget = request_.budget;
    const bool whole_space =
        budget.evaluations == 0 && budget.seconds == 0 && !budget.until_certain;
    status.done = result_.evaluated;
    status.budget = whole_space ? result_.space_size - result_.known : request_.budget.evaluations;
    status.failed = failed_;
    status.elapsed_s = elapsed_s();
    status.budget_s = request_.budget.seconds;
  }
  status.best_ns = best_ns_;
  if (best_) status.configuration = configuration_of(*best_);
  progress_.update(status);
}

}  // namespace

SessionResult run_session(const SessionRequest& request, Device& device, Store& store,
                          Progress& progress, const std::function<bool()>& stopped) {
  return Session(request, device, store, progress, stopped).run();
}

}  // namespace tw
