// Counts hardware events of a race's finalists, for `tune explain`.
#pragma once
#include <cstddef>
#include <functional>
#include <vector>

#include "devices/job_runner.h"
#include "search/race.h"
#include "ui/progress/progress.h"

namespace tw {

// Counts the winner and its runner-up after the race, and adds the counters to their pooled
// metrics. The runner-up is the first finalist that is not tied with the winner, or the second if
// all are. The first `tied` entrants of the ranking are tied. If counters are not available, a note
// of the progress says why.
void add_counters(JobRunner& jobs, std::vector<Race::Entrant>& ranking, std::size_t tied,
                  Progress& progress, const std::function<bool()>& stopped);

}  // namespace tw
