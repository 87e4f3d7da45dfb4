// Measures, on shapes that were not tuned, what a header would choose for them.
#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "commands/cover/cover_run.h"
#include "cover/matrix.h"
#include "emit/tuning/choice.h"
#include "session/run/session_request.h"
#include "session/run/session_result.h"
#include "session/session.h"
#include "ui/interrupt.h"

namespace tw {
namespace {

// Returns the configurations of the tuned problems, each once.
std::vector<Contender> configurations_of(const Tuning& tuning) {
  std::vector<Contender> all;
  for (const TunedRow& row : tuning.rows) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(row.branch)];
    const Contender one{branch.kernel->name, text_of(branch.kernel->knobs, branch.configuration)};
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  }
  return all;
}

}  // namespace

HeldOut CoverRun::measure_held_out(const Asked& asked, const Tuning& tuning,
                                   std::vector<Contender> configurations) {
  const OpenDevice opened = open(asked);
  HeldOut held{.problem = asked.problem.key(asked.entry->op), .kernel = "", .configuration = ""};
  const dispatch::Choice choice = choice_of(tuning, asked.problem, opened.device->info());
  if (choice.branch >= 0) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(choice.branch)];
    held.kernel = branch.kernel->name;
    held.configuration = text_of(branch.kernel->knobs, branch.configuration);
    configurations.push_back({held.kernel, held.configuration});  // it may be a default
  }
  std::string why;
  std::optional<Setup> setup = try_set_up(asked, opened, why);
  if (!setup) return held;
  SessionRequest& request = setup->request;
  say_notices(*setup);
  // Before the spaces are restricted, so that the oracle is that of a search.
  choose_oracle(request, *opened.device, progress_, interrupted);
  std::vector<Context> contexts;  // of all kernels: the shape may have been searched, too
  for (const Competitor& one : request.competitors) contexts.push_back(request.context_of(one));
  restrict_to(configurations, request, opened.device->info());
  if (request.competitors.empty()) return held;
  request.strategy = "exhaustive";
  request.finalists = 0;
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

HeldOutShapes CoverRun::hold_out(const AskedRange& range, const Tuning& tuning, std::size_t count,
                                 bool measures) {
  std::set<std::string> tuned;
  for (const TunedRow& row : tuning.rows) tuned.insert(row.problem.key(tuning.op()));
  const auto accepts = [&](const Asked& asked) {
    return !tuned.contains(asked.problem.key(tuning.op())) &&
           memory_need(tuning.op(), asked.problem, tuning.device).fits(tuning.device);
  };
  // Another seed than that of the shapes to tune.
  const std::vector<Asked> shapes =
      drawn_shapes(range, count, options_.measuring.seed + 1'000'000, accepts);
  HeldOutShapes all{.asked = count, .found = shapes.size(), .measured = {}};
  const std::vector<Contender> configurations = configurations_of(tuning);
  ListPace pace(shapes.size(), std::chrono::steady_clock::now);
  for (const Asked& asked : shapes) {
    if (!measures || interrupted() || shares_.is_over()) break;
    const ListPlace place = pace.begin(all.measured.size() + 1);
    progress_.in_list(place);
    HeldOut held = measure_held_out(asked, tuning, configurations);
    if (interrupted()) break;
    all.measured.push_back(std::move(held));
    pace.end(place, true);
  }
  progress_.in_list({});
  progress_.clear();
  return all;
}

}  // namespace tw
