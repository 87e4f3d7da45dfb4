// Races of simulated pairs: what docs/measuring.md claims for the final race.
#pragma once
#include "unit/search/race_noise.h"
#include "unit/search/test_spaces.h"

namespace tw {

// Races `pairs` pairs, of which "slow" takes longer by `planted` (0.01: 1 %), and calls
// `take(ranking)` after each. Pair i has seed i + 1. Baselines run all rounds.
template <class Take>
void for_each_race(double planted, const Noise& noise, int pairs, int rounds, const Take& take,
                   Purpose purpose = Purpose::race_round) {
  for (int i = 0; i < pairs; ++i) {
    const auto seed = static_cast<std::uint64_t>(i) + 1;
    NoisyTimes times({{"fast", 1e5}, {"slow", 1e5 * (1 + planted)}}, noise, seed);
    FakeDevice device(1, [&](const Job& job) { return times(job); });
    std::vector<Job> jobs(2);
    jobs[0].kernel = "fast";
    jobs[1].kernel = "slow";
    for (Job& job : jobs) job.purpose = purpose;
    JobRunner runner(device);
    Race race(runner, std::move(jobs), rounds, seed);
    while (!race.step({})) {
    }
    take(race.ranking());
  }
}

// Returns the verdicts of races of race_rounds. "slow" needs less shared memory, so that it wins
// where the rule for ties allows it.
inline RaceTally simulated_races(double planted, const Noise& noise, int pairs) {
  RaceTally tally;
  for_each_race(planted, noise, pairs, race_rounds,
                [&](std::vector<Race::Entrant> ranking) { tally.add(std::move(ranking)); });
  return tally;
}

}  // namespace tw
