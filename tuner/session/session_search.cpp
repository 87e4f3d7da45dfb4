#include "session/session_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/model/time_model.h"
#include "search/driver.h"
#include "session/elsewhere.h"

namespace tw {
namespace {

// trials of unknown work on the cpu device before it gives up
constexpr std::int64_t patient_trials = 3;

SearchTask task_of(const SessionRun& run, const Competitor& competitor, Strategy& strategy) {
  const SessionRequest& request = run.request;
  return {.lowering = request.lowering ? &*request.lowering : nullptr,
          .kernel = competitor.kernel,
          .problem_key = request.problem_key,
          .kernel_name = competitor.name,
          .space = &competitor.space,
          .strategy = &strategy,
          .limits = request.limits,
          .floor_ns = run.floor_ns(),
          .least_time = competitor.least_time,
          .seed = request.seed,
          .objective = request.objective};
}

// The search of one kernel. It can be continued later.
struct KernelSearch {
  KernelSearch(const SessionRun& run, std::size_t number)
      : at(number),
        strategy(make_strategy(run.request.strategy, run.request.competitors[at].space,
                               run.request.seed)),
        driver(run.jobs, task_of(run, run.request.competitors[at], *strategy)),
        rule(run.request.competitors[at].space.size()) {}

  std::size_t at;  // index into SessionRequest::competitors
  std::unique_ptr<Strategy> strategy;
  Driver driver;
  StoppingRule rule;
};

void tell(StoppingRule& rule, Objective objective, const Measurement& measurement) {
  if (measurement.outcome == Outcome::pruned) {
    rule.exclude();
    return;
  }
  rule.tell(value_of(objective, measurement));
}

// The searches of all kernels.
class KernelSearches {
 public:
  KernelSearches(const SessionRun& run, Trials& trials,
                 std::span<const std::vector<Evaluation>> known);

  SearchReport spend_budget();

 private:
  const Competitor& competitor_of(const KernelSearch& search) const {
    return run_.request.competitors[search.at];
  }
  void expect(KernelSearch& search) const;
  void learn(KernelSearch& search);
  void continue_search(KernelSearch& search, std::int64_t share, double until_s);
  void accept(TrialKey key, Measurement measurement);
  void give_up() const;
  void note_certificate(const Certificate& certificate);
  void show(const KernelSearch& search) const;

  const SessionRun& run_;
  Trials& trials_;
  std::int64_t known_;  // trials before the search
  std::vector<std::unique_ptr<KernelSearch>> searches_;
  SearchReport report_;
  std::int64_t failed_ = 0;
  bool said_missed_work_ = false;
};

KernelSearches::KernelSearches(const SessionRun& run, Trials& trials,
                               std::span<const std::vector<Evaluation>> known)
    : run_(run), trials_(trials), known_(trials.size()) {
  for (std::size_t i = 0; i < run.request.competitors.size(); ++i) {
    searches_.push_back(std::make_unique<KernelSearch>(run, i));
    KernelSearch& search = *searches_.back();
    expect(search);
    if (!run.request.fresh) learn(search);
    search.driver.tell_known(known[i]);
    for (const Evaluation& one : known[i]) search.rule.tell(one.time_ns);
  }
}

// Gives the kernel's forecasts of times to the strategy as hints. They say nothing about energies.
void KernelSearches::expect(KernelSearch& search) const {
  const SessionRequest& request = run_.request;
  const Competitor& competitor = competitor_of(search);
  if (!competitor.kernel || !competitor.kernel->model) return;
  if (request.objective != Objective::time) return;
  const OpSpec& op = request.catalog->at(competitor.kernel->op).op;
  const auto model = std::make_shared<TimeModel>(op, *competitor.kernel, request.problem,
                                                 run_.jobs.device().info());
  search.strategy->expect([model, &space = competitor.space](std::size_t index) {
    return model->time_ns(space[index]);
  });
}

// Gives the trials of other shapes, dtypes and devices to the strategy as hints.
void KernelSearches::learn(KernelSearch& search) {
  const Competitor& competitor = competitor_of(search);
  const auto elsewhere = known_elsewhere(run_.store, run_.request, competitor);
  if (!elsewhere) return;
  search.strategy->learn(elsewhere->evaluations);
  if (run_.request.strategy != "auto") return;
  report_.learned.push_back({competitor.name, elsewhere->context.situation.problem,
                             elsewhere->context.situation.device_model,
                             elsewhere->evaluations.size()});
}

// Half of the budget is divided evenly among the kernels. Then the best kernel gets the rest, and
// what it leaves goes to the next one.
SearchReport KernelSearches::spend_budget() {
  const Budget& budget = run_.request.budget;
  const bool is_shared = searches_.size() > 1;
  // Without a bound use half of the range, so that the sums below cannot overflow.
  const std::int64_t trials =
      budget.evaluations > 0 ? budget.evaluations : std::numeric_limits<std::int64_t>::max() / 2;
  const double seconds =
      budget.seconds > 0 ? budget.seconds : std::numeric_limits<double>::infinity();
  const std::int64_t half = is_shared ? trials - trials / 2 : trials;
  const double half_s = is_shared ? seconds / 2 : seconds;
  auto left = static_cast<std::int64_t>(searches_.size());
  for (const auto& search : searches_) {
    const double now_s = run_.elapsed_s();
    continue_search(*search, (half - report_.evaluated + left - 1) / left,
                    now_s + (half_s - now_s) / static_cast<double>(left));
    --left;
  }
  std::stable_sort(searches_.begin(), searches_.end(), [this](const auto& a, const auto& b) {
    return trials_.best_value_of(a->at) < trials_.best_value_of(b->at);
  });
  for (const auto& search : searches_) {
    continue_search(*search, trials - report_.evaluated, seconds);
  }
  // The stopping rule is calibrated for times.
  if (run_.request.objective == Objective::time) {
    for (const auto& search : searches_) note_certificate(search->rule.certificate());
  }
  return std::move(report_);
}

// Runs at most `share` evaluations. None starts after `until_s`, or once the search is sure enough
// that little can be gained.
void KernelSearches::continue_search(KernelSearch& search, std::int64_t share, double until_s) {
  Driver& driver = search.driver;
  driver.offer_incumbent(trials_.best_value());
  run_.request.log->add("search", {{"kernel", competitor_of(search).name},
                                   {"evaluations_at_most", share},
                                   {"until_s", until_s},
                                   {"incumbent_ns", driver.incumbent_ns()}});
  const std::int64_t first = report_.evaluated;
  while (!run_.stopped() && !driver.exhausted()) {
    const std::int64_t left = share - (report_.evaluated - first) - driver.outstanding();
    const bool is_certain = run_.request.budget.until_certain && search.rule.may_stop();
    const bool may_start = left > 0 && run_.elapsed_s() < until_s && !is_certain;
    if (!may_start && driver.outstanding() == 0) return;
    for (Driver::Result& one : driver.step(may_start ? left : 0, run_.next_look())) {
      // the failure may come from the interruption
      if (run_.stopped() && one.measurement.outcome != Outcome::ok) continue;
      tell(search.rule, run_.request.objective, one.measurement);
      accept({search.at, one.index}, std::move(one.measurement));
    }
    show(search);
  }
  if (driver.outstanding() > 0) run_.jobs.cancel();
}

// Stores and counts a new trial. Work that the timer missed is noted once per search.
void KernelSearches::accept(TrialKey key, Measurement measurement) {
  const Competitor& competitor = trials_.competitor_of(key);
  const bool is_pruned = measurement.outcome == Outcome::pruned;
  if (!is_pruned || !trials_.was_pruned_before(key)) {
    run_.store.append(run_.id, TrialKind::search, run_.request.context_of(competitor),
                      trials_.configuration_of(key), measurement);
  }
  if (!is_pruned) {
    ++report_.evaluated;
    if (measurement.outcome != Outcome::ok) ++failed_;
    if (measurement.metrics.contains("unaccounted_ns") && !std::exchange(said_missed_work_, true)) {
      run_.note_missed_work(fmt::format("{}: {}", competitor.name, trials_.configuration_of(key)),
                            measurement);
    }
  }
  trials_.count(key, std::move(measurement));
  give_up();
}

// Throws Error if none of the first configurations ended on the cpu device and no estimate had
// refused the problem.
void KernelSearches::give_up() const {
  const SessionRequest& request = run_.request;
  if (!request.unknown_work || trials_.outcomes().size() != 1) return;
  const auto [outcome, count] = *trials_.outcomes().begin();
  if (outcome != Outcome::timed_out || count < patient_trials) return;
  throw Error(
      fmt::format("{}: the first {} configurations took the cpu device, an emulation for checking "
                  "correctness, more than {:.0f} s each: use a GPU or smaller sizes (with 'flops' "
                  "in its [op] a spec is refused before anything runs)",
                  request.problem_key, count, request.limits.timeout_ms / 1000));
}

// The certificate of all kernels is the certificate of the least sure one.
void KernelSearches::note_certificate(const Certificate& certificate) {
  const bool is_first = !report_.certificate;
  if (is_first || certificate.confidence < report_.certificate->confidence) {
    report_.certificate = certificate;
  }
}

void KernelSearches::show(const KernelSearch& search) const {
  const Budget& budget = run_.request.budget;
  const bool is_bounded = budget.evaluations > 0;
  const bool whole_space = !is_bounded && budget.seconds == 0 && !budget.until_certain;
  const std::int64_t left = trials_.space_size() - known_;
  Status status;
  status.what = competitor_of(search).name;
  status.done = report_.evaluated;
  status.budget = is_bounded ? std::min(budget.evaluations, left) : whole_space ? left : 0;
  status.failed = failed_;
  status.elapsed_s = run_.elapsed_s();
  status.budget_s = budget.seconds;
  run_.show(std::move(status), trials_);
}

}  // namespace

SearchReport search_competitors(const SessionRun& run, Trials& trials,
                                std::span<const std::vector<Evaluation>> known) {
  return KernelSearches(run, trials, known).spend_budget();
}

}  // namespace tw
