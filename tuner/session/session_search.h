// The search of a session: shares the budget among the competitors.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/stopping.h"
#include "search/strategies/strategy.h"
#include "session/run/session_result.h"
#include "session/run/session_run.h"
#include "session/run/trials.h"

namespace tw {

// What a search says of itself. Its measurements are in the trials.
struct SearchReport {
  std::int64_t evaluated = 0;  // new evaluations; pruned configurations do not count
  std::vector<Learned> learned;
  std::optional<Certificate> certificate;  // the certificate of the least sure kernel
};

// Searches every competitor until the budget is spent, the spaces are exhausted or the user stops.
// Stores each trial when it ends, and counts it in `trials`. `known` holds for each competitor what
// Trials::recall returned. Throws Error if the cpu device seems unable to end any configuration.
SearchReport search_competitors(const SessionRun& run, Trials& trials,
                                std::span<const std::vector<Evaluation>> known);

}  // namespace tw
