// The final race of a session: measures the finalists again, interleaved with the baselines.
#pragma once
#include <set>
#include <vector>

#include "session/run/baselines.h"
#include "session/run/session_result.h"
#include "session/run/session_run.h"
#include "session/run/trials.h"

namespace tw {

// The result of a final race. It is empty if there was no race, or if the user stopped the race in
// its first round.
struct FinalRace {
  std::vector<Ranked> ranking;  // the finalists that have times, fastest first
  std::set<TrialKey> entrants;  // all finalists, also those without times
  bool all_failed() const { return !entrants.empty() && ranking.empty(); }
};

// Races the finalists, or the contenders that the request names, and stores the race. A finalist
// that fails is refuted in `trials`. Baselines take part, so that ratios to them are measured at
// the same clocks; their new times replace the earlier ones.
FinalRace race_finalists(const SessionRun& run, Trials& trials, Baselines& baselines);

// Returns the rows of a session: the race's winner and its ties first, then all others that have a
// time, by time. An unraced time never displaces the winner or its ties. Returns no rows if all
// finalists failed: then nothing wins, even if the search found other configurations.
std::vector<Ranked> ranking_of(const FinalRace& race, const Trials& trials);

}  // namespace tw
