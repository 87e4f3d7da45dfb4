#include "session/run/baselines.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

namespace tw {

Context Baselines::context_of(const Job& job) const {
  Context context = run_.request.context_of(run_.request.competitors.front());
  context.code.kernel = job.baseline.library;
  context.code.source_digest.clear();
  return context;
}

// Returns whether the database holds a time of the library, or the value of another objective.
bool Baselines::recall(const Context& context) {
  auto stored = run_.store.baseline(context.situation, context.code.verdict_digest);
  if (!stored || stored->context.code.kernel != context.code.kernel) return false;
  if (!std::isfinite(value_of(run_.request.objective, stored->measurement))) return false;
  measurements_[context.code.kernel] = std::move(stored->measurement);
  return true;
}

void Baselines::find(Job job) {
  if (!run_.request.fresh && recall(context_of(job))) return;
  job.limits = run_.request.limits;
  job.seed = run_.request.seed;
  Status status;
  status.what = job.baseline.library;
  auto measurement = run_.jobs.run(job, run_.stopped, [&] { run_.show(status); });
  if (!measurement) return;
  if (measurement->outcome == Outcome::ok) {
    accept(job, std::move(*measurement));
  } else {
    run_.progress.note(fmt::format("no baseline: {}: {}", job.baseline.library, measurement->note));
  }
}

void Baselines::accept(const Job& job, Measurement measurement) {
  const Context context = context_of(job);
  run_.note_missed_work(context.code.kernel, measurement);
  run_.store.append(run_.id, TrialKind::baseline, context, "", measurement);
  measurements_[context.code.kernel] = std::move(measurement);
}

}  // namespace tw
