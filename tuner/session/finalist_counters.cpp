#include "session/finalist_counters.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace tw {
void add_counters(JobRunner& jobs, std::vector<Race::Entrant>& ranking, Progress& progress,
                  const std::function<bool()>& stopped) {
  if (!jobs.device().has_counters() || stopped()) return;
  std::size_t done = 0;
  for (Race::Entrant& entrant : ranking) {
    Status status;
    status.what = fmt::format("counters of {} of {}", ++done, ranking.size());
    progress.update(status);
    Job job = entrant.job;
    job.purpose = Purpose::counters;
    const std::optional<Measurement> counted = jobs.run(std::move(job), stopped);
    if (!counted) return;
    if (counted->outcome != Outcome::ok) {
      progress.note(fmt::format("no counters: {}", counted->note));
      return;
    }
    for (const auto& [name, value] : counted->metrics) entrant.pooled.metrics[name] = value;
  }
}

}  // namespace tw
