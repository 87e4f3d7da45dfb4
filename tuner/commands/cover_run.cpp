#include "commands/cover_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/model/time_model.h"
#include "cover/matrix.h"
#include "emit/portfolio/measured.h"
#include "emit/tuning/choice.h"
#include "options/filter_options.h"
#include "session/session.h"
#include "ui/interrupt.h"

namespace tw {
namespace {

constexpr double tuning_share = 0.65;  // of the time; the matrix gets the rest
constexpr double search_share = 0.4;   // of a shape's time; the race gets the rest
constexpr double clearly = 0.99;       // a candidate that is faster by 1 % is raced

const Measurement* measured(const SessionResult& result, const Contender& one) {
  for (const Ranked& row : result.ranking) {
    if (Contender{row.kernel, row.configuration} == one) return &row.measurement;
  }
  return nullptr;
}

}  // namespace

CoverRun::CoverRun(const Arguments& arguments, const Catalog& catalog, CoverOptions options)
    : catalog_(catalog),
      options_(std::move(options)),
      chooser_(arguments, catalog.foreign()),
      store_(Store::open(options_.measuring.database, Store::Mode::read_write)),
      claims_(options_.measuring.database),
      progress_(Progress::on_stderr(options_.measuring.detail)) {}

double CoverRun::elapsed_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

bool CoverRun::is_over(double share) const {
  const double seconds = options_.budget.seconds;
  return interrupted() || (seconds > 0 && elapsed_s() > share * seconds);
}

OpenDevice CoverRun::open(const CoverPoint& point) {
  const OpSpec& op = point.asked.entry->op;
  return chooser_.open(op.name, point.asked.problem.key(op), options_.kernel);
}

Setup CoverRun::set_up_at(const CoverPoint& point, const OpenDevice& opened) {
  Setup setup = set_up(catalog_, point.asked, options_.kernel, opened, options_.measuring);
  setup.request.command = options_.command;
  setup.request.budget = options_.budget;
  setup.request.strategy = options_.strategy;
  if (options_.budget.seconds > 0) {
    setup.request.budget.seconds =
        std::max(1.0, tuning_share * search_share * options_.budget.seconds /
                          static_cast<double>(options_.shapes));
  }
  return setup;
}

// Returns whether the catalog's kernel is that of the trial.
bool CoverRun::is_current(const Part& part, const Trial& trial, const Problem& problem) const {
  const auto& kernels = part.entry->kernels;
  return std::any_of(kernels.begin(), kernels.end(), [&](const KernelSpec& kernel) {
    return kernel.name == trial.context.code.kernel &&
           catalog_.source_digest(kernel, problem.epilogue) == trial.context.code.source_digest;
  });
}

// A shape is tuned if a race of today's kernels ended under this driver.
std::optional<Winner> CoverRun::winner_of(const Part& part, std::size_t point) {
  const CoverPoint& at = part.points[point];
  const OpenDevice opened = open(at);
  const DeviceInfo& info = opened.device->info();
  Filter filter;
  filter.op = part.entry->op.name;
  filter.problem = at.asked.problem.key(part.entry->op);
  filter.device = info.model;
  filter.source = name_of(opened.recordings.empty() ? source_of(info) : Source::replayed);
  filter.l2 = name_of(options_.measuring.limits.cold_l2 ? L2::cold : L2::warm);
  for (Winner& winner : store_.winners(filter)) {
    const Situation& there = winner.trial.context.situation;
    const bool is_it = there.problem == filter.problem && there.driver == info.driver &&
                       there.device_model == info.model && winner.raced;
    const bool is_replayed = !opened.recordings.empty();
    if (is_it && (is_replayed || is_current(part, winner.trial, at.asked.problem))) {
      return std::move(winner);
    }
  }
  return std::nullopt;
}

std::vector<Winner> CoverRun::winners_of(const Part& part) {
  std::vector<Winner> winners;
  for (const std::size_t point : part.tuned) {
    if (auto winner = winner_of(part, point)) winners.push_back(std::move(*winner));
  }
  return winners;
}

// The loss at a shape is what its nearest tuned shape's winner loses: by the forecast of the shape,
// against the best of all winners; and by the measured times, on the tuned shapes nearby.
std::function<double(std::size_t)> CoverRun::expected_loss(const Part& part) {
  const std::vector<Winner> winners = winners_of(part);
  if (winners.size() < 2 || winners.size() != part.tuned.size()) {
    return [](std::size_t) { return 0.0; };
  }
  const MeasuredTimes times = measured_times(store_, *part.entry, winners);
  std::vector<std::size_t> own;  // for each winner its candidate
  for (std::size_t i = 0; i < winners.size(); ++i) {
    std::size_t at = 0;
    while (times.candidates[at].kernel != winners[i].trial.context.code.kernel ||
           times.candidates[at].configuration != winners[i].trial.configuration) {
      ++at;
    }
    own.push_back(at);
  }
  const DeviceInfo info = open(part.points[part.tuned.front()]).device->info();
  return [&part, winners, times, own, info](std::size_t point) {
    const CoverPoint& here = part.points[point];
    std::vector<std::pair<double, std::size_t>> near;
    for (std::size_t i = 0; i < part.tuned.size(); ++i) {
      near.emplace_back(distance(here, part.points[part.tuned[i]]), i);
    }
    std::sort(near.begin(), near.end());
    const auto [first, second] = std::pair(near[0].second, near[1].second);
    const double slowdown =
        std::max(times.slowdowns[second][own[first]], times.slowdowns[first][own[second]]);
    const double lost = slowdown < not_measured ? std::log2(slowdown) : 0;
    double best = std::numeric_limits<double>::infinity(), its = best;
    for (std::size_t i = 0; i < winners.size(); ++i) {
      const KernelSpec* kernel = nullptr;
      for (const KernelSpec& one : part.entry->kernels) {
        if (one.name == winners[i].trial.context.code.kernel) kernel = &one;
      }
      if (!kernel || !kernel->model) return lost;
      const Configuration configuration =
          configuration_from(kernel->knobs, winners[i].trial.configuration);
      const auto slots = slots_of(part.entry->op, kernel->names, here.asked.problem, info);
      if (!serves(*kernel, slots, configuration)) continue;
      TimeModel model(part.entry->op, *kernel, here.asked.problem, info);
      const double ns = model.time_ns(configuration);
      best = std::min(best, ns);
      if (i == first) its = ns;
    }
    const double crossed = best < its ? std::log2(std::min(its / best, 4.0)) : 0;
    return lost + crossed;
  };
}

// Returns false if the user ended it.
bool CoverRun::tune(const Part& part, std::size_t point) {
  const CoverPoint& at = part.points[point];
  const OpenDevice opened = open(at);
  Setup setup = set_up_at(at, opened);
  SessionRequest& request = setup.request;
  progress_.headline(fmt::format("tunes {}", request.problem_key));
  if (!claims_.try_claim(request.situation) && !claims_.wait(request.situation, interrupted)) {
    return false;
  }
  choose_oracle(request, *opened.device, progress_, interrupted);
  run_session(request, *opened.device, store_, progress_, interrupted);
  claims_.release(request.situation);
  return !interrupted();
}

// Races the winner against the candidates that were clearly faster on its problem.
void CoverRun::race_if_faster(const SessionRequest& request, const SessionResult& result,
                              const Winner& winner, Device& device) {
  const Contender was{winner.trial.context.code.kernel, winner.trial.configuration};
  const Measurement* its = measured(result, was);
  if (!its) return;
  SessionRequest race = request;
  race.only = {was};
  for (const Ranked& row : result.ranking) {
    const bool is_faster = row.median_ns < clearly * its->median_ns();
    if (is_faster && race.only.size() < 5) race.only.push_back({row.kernel, row.configuration});
  }
  if (race.only.size() < 2) return;
  race.finalists = static_cast<int>(race.only.size());
  run_session(race, device, store_, progress_, interrupted);
}

std::size_t CoverRun::measure(const Part& part, std::size_t point,
                              const std::vector<Contender>& candidates) {
  const std::optional<Winner> winner = winner_of(part, point);
  if (!winner) return 0;
  const OpenDevice opened = open(part.points[point]);
  Setup setup = set_up_at(part.points[point], opened);
  SessionRequest& request = setup.request;
  std::vector<Contender> all = candidates;
  all.push_back({winner->trial.context.code.kernel, winner->trial.configuration});
  restrict_to(all, request, opened.device->info());
  const std::size_t unknown = unknown_in(request, store_);
  if (unknown == 0 || is_over(1)) return unknown;
  progress_.headline(fmt::format(
      "measures {} on {}", unknown == 1 ? "1 candidate" : fmt::format("{} candidates", unknown),
      request.problem_key));
  request.strategy = "exhaustive";
  request.budget = {};
  if (options_.budget.seconds > 0) {
    request.budget.seconds = std::max(options_.budget.seconds - elapsed_s(), 0.1);
  }
  request.finalists = 0;
  request.baselines.clear();
  choose_oracle(request, *opened.device, progress_, interrupted);
  const SessionResult result = run_session(request, *opened.device, store_, progress_, interrupted);
  if (!interrupted()) race_if_faster(request, result, *winner, *opened.device);
  return unknown_in(request, store_);
}

// Measures the candidates on all tuned shapes. Returns the number of missing measurements.
std::size_t CoverRun::measure_all(const Part& part) {
  const std::vector<Contender> candidates =
      candidates_of(store_, *part.entry, winners_of(part), options_.each);
  std::size_t missing = 0;
  ListPace pace(part.tuned.size(), std::chrono::steady_clock::now);
  for (std::size_t i = 0; i < part.tuned.size(); ++i) {
    const ListPlace place = pace.begin(i + 1);
    progress_.in_list(place);
    missing += measure(part, part.tuned[i], candidates);
    pace.end(place, true);
  }
  progress_.in_list({});
  return missing;
}

HeldOut CoverRun::measure_held_out(const Asked& asked, const Tuning& tuning,
                                   const std::vector<Contender>& portfolio) {
  const CoverPoint point{.asked = asked, .place = {}};
  const OpenDevice opened = open(point);
  Setup setup = set_up_at(point, opened);
  SessionRequest& request = setup.request;
  const dispatch::Choice choice = choice_of(tuning, asked.problem, opened.device->info());
  HeldOut held{.problem = request.problem_key, .kernel = "", .configuration = ""};
  if (choice.branch >= 0) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(choice.branch)];
    held.kernel = branch.kernel->name;
    held.configuration = text_of(branch.kernel->knobs, branch.configuration);
  }
  std::vector<Context> contexts;  // of all kernels: the shape may have been searched, too
  for (const Competitor& one : request.competitors) contexts.push_back(request.context_of(one));
  restrict_to(portfolio, request, opened.device->info());
  if (request.competitors.empty()) return held;
  request.strategy = "exhaustive";
  request.budget = {};
  request.finalists = 0;
  choose_oracle(request, *opened.device, progress_, interrupted);
  const SessionResult result = run_session(request, *opened.device, store_, progress_, interrupted);
  for (const auto& [library, measurement] : result.baselines) {
    const double ns = measurement.median_ns();
    if (held.baseline_ns <= 0 || ns < held.baseline_ns) held.baseline_ns = ns;
  }
  for (const Context& context : contexts) {
    for (const Trial& trial : store_.known(context)) {
      const double ns = trial.measurement.median_ns();
      if (trial.measurement.outcome != Outcome::ok || ns <= 0) continue;
      if (held.best_ns <= 0 || ns < held.best_ns) held.best_ns = ns;
      const bool is_it =
          context.code.kernel == held.kernel && trial.configuration == held.configuration;
      if (is_it) held.chosen_ns = ns;
    }
  }
  return held;
}

std::vector<HeldOut> CoverRun::hold_out(const AskedRange& range, const Tuning& tuning,
                                        std::size_t count) {
  std::vector<Contender> portfolio;
  for (const TunedRow& row : tuning.rows) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(row.branch)];
    const Contender one{branch.kernel->name, text_of(branch.kernel->knobs, branch.configuration)};
    if (std::find(portfolio.begin(), portfolio.end(), one) == portfolio.end()) {
      portfolio.push_back(one);
    }
  }
  // Another seed than that of the shapes to tune.
  const std::vector<Asked> shapes = drawn_shapes(range, count, options_.measuring.seed + 1'000'000);
  std::vector<HeldOut> all;
  ListPace pace(shapes.size(), std::chrono::steady_clock::now);
  for (const Asked& asked : shapes) {
    if (is_over(1)) break;
    const ListPlace place = pace.begin(all.size() + 1);
    progress_.in_list(place);
    all.push_back(measure_held_out(asked, tuning, portfolio));
    pace.end(place, true);
  }
  progress_.in_list({});
  progress_.clear();
  return all;
}

Covered CoverRun::cover(const AskedRange& range) {
  Part part{.entry = range.entry, .points = points_of(range, options_.measuring.seed), .tuned = {}};
  const std::size_t most = std::min(options_.shapes, part.points.size());
  ListPace pace(most, std::chrono::steady_clock::now);
  while (part.tuned.size() < most) {
    const bool is_refining = 2 * part.tuned.size() >= most && part.tuned.size() > 2;
    if (is_refining && 2 * part.tuned.size() < most + 2) measure_all(part);
    const auto next = next_point(
        part.points, part.tuned,
        is_refining ? expected_loss(part) : [](std::size_t) { return 0.0; });
    if (!next) break;
    const ListPlace place = pace.begin(part.tuned.size() + 1);
    progress_.in_list(place);
    const bool is_known = winner_of(part, *next).has_value();
    if (!is_known && (is_over(tuning_share) && part.tuned.size() >= 2)) break;
    if (!is_known && !tune(part, *next)) break;
    pace.end(place, !is_known);
    part.tuned.push_back(*next);
  }
  progress_.in_list({});
  Covered covered{.range = range.text.shape, .winners = {}, .missing = 0};
  if (!interrupted()) covered.missing = measure_all(part);
  covered.winners = winners_of(part);
  progress_.clear();
  return covered;
}

}  // namespace tw
