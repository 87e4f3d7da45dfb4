// Counts hardware events of a race's finalists, for `tune explain`.
#pragma once
#include <functional>
#include <vector>

#include "devices/job_runner.h"
#include "search/race.h"
#include "ui/progress.h"

namespace tw {

// Counts each finalist after the race, and adds the counters to its pooled metrics. If counters are
// not available, a note of the progress says why, and the remaining finalists are not counted.
void add_counters(JobRunner& jobs, std::vector<Race::Entrant>& ranking, Progress& progress,
                  const std::function<bool()>& stopped);

}  // namespace tw
