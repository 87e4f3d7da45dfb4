#include "session/finalist_counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace tw {
namespace {

std::vector<std::size_t> counted_of(std::size_t entrants, std::size_t tied) {
  if (entrants < 2) return std::vector<std::size_t>(entrants, 0);
  const bool are_all_tied = tied >= entrants;
  return {0, are_all_tied ? 1 : std::max<std::size_t>(tied, 1)};
}

}  // namespace

void add_counters(JobRunner& jobs, std::vector<Race::Entrant>& ranking, std::size_t tied,
                  Progress& progress, const std::function<bool()>& stopped) {
  if (!jobs.device().has_counters() || stopped()) return;
  for (const std::size_t at : counted_of(ranking.size(), tied)) {
    Race::Entrant& entrant = ranking[at];
    Status status;
    status.what = at == 0 ? "counters of the winner" : "counters of the runner-up";
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
