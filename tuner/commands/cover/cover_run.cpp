#include "commands/cover/cover_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "commands/tune/next_step.h"
#include "core/base/error.h"
#include "core/model/time_model.h"
#include "cover/loss.h"
#include "cover/matrix.h"
#include "devices/registry/registry.h"
#include "emit/portfolio/measured.h"
#include "session/run/session_request.h"
#include "session/session.h"
#include "ui/interrupt.h"

namespace tw {
namespace {

constexpr std::size_t most_named = 3;  // shapes that are left out, one a line

// Without a GPU, --device auto would replay the recordings of some shapes, and emulate the others.
// Their times cannot be compared, so all shapes are emulated.
Arguments on_one_device(const Arguments& arguments, bool foreign) {
  const bool is_auto = arguments.text("device", "auto") == "auto" && !arguments.has("workers");
  return is_auto && !foreign && !has_gpu() ? arguments.with("device", "cpu") : arguments;
}

const KernelSpec* kernel_of(const OpEntry& entry, const std::string& name) {
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace

CoverRun::CoverRun(const Arguments& arguments, const Catalog& catalog, CoverOptions options,
                   std::size_t ranges)
    : catalog_(catalog),
      options_(std::move(options)),
      chooser_(on_one_device(arguments, catalog.foreign()), catalog.foreign()),
      store_(Store::open(options_.measuring.database, Store::Mode::read_write)),
      claims_(options_.measuring.database),
      progress_(Progress::on_stderr(options_.measuring.detail)),
      shares_(options_.budget.seconds, ranges, std::chrono::steady_clock::now) {}

std::size_t CoverRun::goal_of(const Part& part) const {
  return std::min(options_.shapes, part.points.size());
}

OpenDevice CoverRun::open(const Asked& asked) {
  const OpSpec& op = asked.entry->op;
  return chooser_.open(op.name, asked.problem.key(op), options_.kernel);
}

std::optional<Setup> CoverRun::try_set_up(const Asked& asked, const OpenDevice& opened,
                                          std::string& why) {
  try {
    Setup setup = set_up(catalog_, asked, options_.kernel, opened, options_.measuring);
    setup.request.command = options_.command;
    setup.request.strategy = options_.strategy;
    return setup;
  } catch (const Error& error) {
    why = error.what();
    return std::nullopt;
  }
}

void CoverRun::say_notices(const Setup& setup) {
  notices_.say_once(setup.notices, progress_);
  notices_.say_once(std::array{store_.clock_notice(), claims_.notice()}, progress_);
}

Filter CoverRun::winners_filter(const Part& part, const OpenDevice& opened) const {
  const DeviceInfo& info = opened.device->info();
  Filter filter;
  filter.op = part.entry->op.name;
  filter.device = info.model;
  filter.source = name_of(opened.recordings.empty() ? source_of(info) : Source::replayed);
  filter.l2 = name_of(options_.measuring.limits.cold_l2 ? L2::cold : L2::warm);
  return filter;
}

// A shape is tuned if a race of today's kernels ended under this driver.
bool CoverRun::is_current(const Part& part, const Winner& winner, const Problem& problem,
                          const OpenDevice& opened) const {
  const DeviceInfo& info = opened.device->info();
  const Context& context = winner.trial.context;
  const bool is_here = winner.raced && context.situation.driver == info.driver &&
                       context.situation.device_model == info.model;
  if (!is_here || !opened.recordings.empty()) return is_here;
  const KernelSpec* kernel = kernel_of(*part.entry, context.code.kernel);
  return kernel && catalog_.source_digest(*kernel, problem.epilogue) == context.code.source_digest;
}

std::optional<Winner> CoverRun::winner_of(const Part& part, std::size_t point) {
  const Asked& asked = part.points[point].asked;
  const OpenDevice opened = open(asked);
  Filter filter = winners_filter(part, opened);
  filter.problem = asked.problem.key(part.entry->op);
  for (Winner& winner : store_.winners(filter)) {
    const bool is_it = winner.trial.context.situation.problem == filter.problem;
    if (is_it && is_current(part, winner, asked.problem, opened)) return std::move(winner);
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

void CoverRun::leave_out_too_large(Part& part, const DeviceInfo& info) {
  std::vector<CoverPoint> kept;
  for (CoverPoint& point : part.points) {
    try {
      check_memory(part.entry->op, point.asked.problem, info);
      kept.push_back(std::move(point));
    } catch (const Error& error) {
      part.left_out.add(point.asked.shape, error.what());
    }
  }
  part.points = std::move(kept);
}

void CoverRun::leave_out(Part& part, std::size_t point, const std::string& why) {
  const std::string& shape = part.points[point].asked.shape;
  if (part.left_out.count < most_named) {
    progress_.headline(fmt::format("{}: left out: {}", shape, why));
  }
  part.left_out.add(shape, why);
  part.points.erase(part.points.begin() + static_cast<std::ptrdiff_t>(point));
  part.known.erase(part.known.begin() + static_cast<std::ptrdiff_t>(point));
  for (std::size_t& one : part.tuned) one -= one > point ? 1 : 0;
}

void CoverRun::find_known(Part& part) {
  std::map<std::string, Winner> by_problem;
  const OpenDevice opened = open(part.points.front().asked);
  for (Winner& winner : store_.winners(winners_filter(part, opened))) {
    std::string problem = winner.trial.context.situation.problem;
    by_problem.insert_or_assign(std::move(problem), std::move(winner));
  }
  for (const CoverPoint& point : part.points) {
    const auto found = by_problem.find(point.asked.problem.key(part.entry->op));
    part.known.push_back(found != by_problem.end() &&
                         is_current(part, found->second, point.asked.problem, opened));
  }
}

ExpectedLoss CoverRun::expected_loss_of(const Part& part) {
  const std::vector<Winner> winners = winners_of(part);
  if (winners.size() < 2 || winners.size() != part.tuned.size()) {
    return [](std::size_t) { return 0.0; };
  }
  const MeasuredTimes times = measured_times(store_, *part.entry, winners);
  std::vector<std::vector<double>> slowdowns(winners.size());  // [shape][winner]
  std::vector<const KernelSpec*> kernels;
  std::vector<Configuration> configurations;
  bool has_models = true;
  for (const Winner& winner : winners) {
    const Trial& trial = winner.trial;
    const auto own = std::find_if(times.candidates.begin(), times.candidates.end(),
                                  [&](const Candidate& candidate) {
                                    return candidate.kernel == trial.context.code.kernel &&
                                           candidate.configuration == trial.configuration;
                                  });
    const auto column = static_cast<std::size_t>(own - times.candidates.begin());
    for (std::size_t i = 0; i < winners.size(); ++i) {
      slowdowns[i].push_back(times.slowdowns[i][column]);
    }
    kernels.push_back(kernel_of(*part.entry, trial.context.code.kernel));
    has_models = has_models && kernels.back() && kernels.back()->model;
    configurations.push_back(kernels.back()
                                 ? configuration_from(kernels.back()->knobs, trial.configuration)
                                 : Configuration{});
  }
  const DeviceInfo info = open(part.points[part.tuned.front()].asked).device->info();
  return [&part, slowdowns, kernels, configurations, has_models, info](std::size_t point) {
    const CoverPoint& here = part.points[point];
    std::vector<double> distances;
    for (const std::size_t other : part.tuned) {
      distances.push_back(distance(here, part.points[other]));
    }
    std::vector<std::optional<double>> forecasts;
    for (std::size_t i = 0; i < kernels.size() && has_models; ++i) {
      const OpSpec& op = part.entry->op;
      const auto slots = slots_of(op, kernels[i]->names, here.asked.problem, info);
      std::optional<double>& forecast = forecasts.emplace_back();
      if (!serves(*kernels[i], slots, configurations[i])) continue;
      forecast = TimeModel(op, *kernels[i], here.asked.problem, info).time_ns(configurations[i]);
    }
    return expected_loss(distances, slowdowns, forecasts);
  };
}

// Shapes that the database knows come first, so that a run which continues another one takes the
// same shapes.
std::optional<std::size_t> CoverRun::choose_next(Part& part) {
  const auto if_known = [&part](std::size_t point) {
    return part.known[point] ? std::optional(0.0) : std::nullopt;
  };
  if (const auto next = next_point(part.points, part.tuned, if_known)) return next;
  const std::size_t tuned = part.tuned.size();
  const bool is_refining = 2 * tuned >= goal_of(part) && tuned > 2;
  if (!is_refining) return next_point(part.points, part.tuned, [](std::size_t) { return 0.0; });
  if (!std::exchange(part.is_measured, true)) measure_all(part);
  return next_point(part.points, part.tuned, expected_loss_of(part));
}

// Returns false if no other shape is to be tuned now.
bool CoverRun::tune_next(Part& part, ListPace& pace) {
  const std::optional<std::size_t> next = choose_next(part);
  if (!next) return false;
  const ListPlace place = pace.begin(part.tuned.size() + 1);
  progress_.in_list(place);
  const bool is_known = part.known[*next];
  const bool is_late = !shares_.may_tune() && part.tuned.size() >= 2;
  if (!is_known && (is_late || interrupted())) return false;
  const std::string why = is_known ? "" : tune(part, *next);
  if (!is_known && interrupted()) return false;
  pace.end(place, !is_known);
  if (why.empty()) {
    part.tuned.push_back(*next);
  } else {
    leave_out(part, *next, why);
  }
  return true;
}

std::string CoverRun::tune(const Part& part, std::size_t point) {
  const Asked& asked = part.points[point].asked;
  const OpenDevice opened = open(asked);
  std::string why;
  std::optional<Setup> setup = try_set_up(asked, opened, why);
  if (!setup) return why;
  SessionRequest& request = setup->request;
  request.budget = options_.budget;
  request.budget.seconds = shares_.search_s(goal_of(part));
  progress_.headline(headline_of(request.problem_key, opened, opened.why));
  say_notices(*setup);
  if (!claims_.try_claim(request.situation) && !claims_.wait(request.situation, interrupted)) {
    return "";
  }
  choose_oracle(request, *opened.device, progress_, interrupted);
  run_session(request, *opened.device, store_, progress_, interrupted);
  claims_.release(request.situation);
  return winner_of(part, point) ? "" : "no configuration that was tried works";
}

// Races the winner against the candidates that were clearly faster on its problem.
void CoverRun::race_if_faster(const SessionRequest& request, const Winner& winner, Device& device) {
  std::vector<Contender> raced;
  for (const Trial& trial : store_.finalists(winner.trial.id)) {
    raced.push_back({trial.context.code.kernel, trial.configuration});
  }
  SessionRequest race = request;
  race.only = worth_racing(times_in(request, store_),
                           {winner.trial.context.code.kernel, winner.trial.configuration}, raced);
  if (race.only.empty()) return;
  race.finalists = static_cast<int>(race.only.size());
  run_session(race, device, store_, progress_, interrupted);
}

std::size_t CoverRun::measure(const Part& part, std::size_t point,
                              const std::vector<Contender>& candidates) {
  const Asked& asked = part.points[point].asked;
  const std::optional<Winner> winner = winner_of(part, point);
  if (!winner) return 0;
  const OpenDevice opened = open(asked);
  std::string why;
  std::optional<Setup> setup = try_set_up(asked, opened, why);
  if (!setup) throw Error(why);  // it was tuned before
  SessionRequest& request = setup->request;
  const bool is_over = interrupted() || shares_.is_over();
  // Before the spaces are restricted, so that the oracle is that of the search.
  if (!is_over) choose_oracle(request, *opened.device, progress_, interrupted);
  std::vector<Contender> all = candidates;
  all.push_back({winner->trial.context.code.kernel, winner->trial.configuration});
  restrict_to(all, request, opened.device->info());
  const std::size_t unknown = unknown_in(request, store_);
  if (is_over) return unknown;
  say_notices(*setup);
  request.baselines.clear();
  if (unknown > 0) {
    progress_.headline(fmt::format(
        "measures {} on {}", unknown == 1 ? "1 candidate" : fmt::format("{} candidates", unknown),
        request.problem_key));
    request.strategy = "exhaustive";
    request.budget = {.seconds = shares_.left_s()};
    request.finalists = 0;
    run_session(request, *opened.device, store_, progress_, interrupted);
  }
  if (!interrupted()) race_if_faster(request, *winner, *opened.device);
  return unknown == 0 ? 0 : unknown_in(request, store_);
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

Covered CoverRun::cover(const CoverRange& range) {
  shares_.begin_range();
  Part part{.entry = range.asked.entry,
            .points = range.candidates.points,
            .left_out = range.candidates.left_out};
  leave_out_too_large(part, open(part.points.front().asked).device->info());
  if (!part.points.empty()) find_known(part);
  ListPace pace(goal_of(part), std::chrono::steady_clock::now);
  while (part.tuned.size() < goal_of(part) && tune_next(part, pace)) continue;
  progress_.in_list({});
  Covered covered;
  covered.not_tuned = goal_of(part) - part.tuned.size();
  covered.missing = measure_all(part);
  covered.winners = winners_of(part);
  covered.left_out = std::move(part.left_out);
  progress_.clear();
  return covered;
}

}  // namespace tw
