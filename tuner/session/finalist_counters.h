// Hardware counters of a race's finalists: what `tune explain` explains with.
#pragma once
#include <functional>
#include <vector>

#include "devices/device.h"
#include "search/race.h"
#include "ui/progress.h"

namespace tw {

// Has each counted, once the race is over, and adds what comes to its pooled metrics. Where counters
// are not to be had, a note of the progress says why and the rest goes without.
void add_counters(Device& device, std::vector<Race::Entrant>& ranking, Progress& progress,
                  const std::function<bool()>& stopped);

}  // namespace tw
