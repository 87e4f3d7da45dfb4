#include "session/run/baselines.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace tw {

Context Baselines::context_of(const Job& job) const {
  Context context = run_.request.competitors.front().context;
  context.kernel = job.baseline.library;
  context.source_digest.clear();
  return context;
}

// Returns whether the database holds a time of the library.
bool Baselines::recall(const Context& context) {
  auto stored = run_.store.baseline(context);
  if (!stored || stored->context.kernel != context.kernel) return false;
  measurements_[context.kernel] = std::move(stored->measurement);
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
  run_.note_missed_work(context.kernel, measurement);
  run_.store.append(run_.id, TrialKind::baseline, context, "", measurement);
  measurements_[context.kernel] = std::move(measurement);
}

}  // namespace tw
