// Searches with several evaluations under way, on simulated workers: how many evaluations and how
// much time they take until they have found a configuration within 1 % of the optimum.
#pragma once
#include "recorded_runs.h"

namespace tw {

struct ParallelRun {
  std::size_t evaluations = 0;  // told until the target was reached
  double wall_s = 0;            // simulated, until then
};

// Simulates one search. An evaluation takes its recorded time to compile and run on one worker,
// which is the one that is free first. As in a real search, results are told in the order of
// asking, and one more configuration is asked for after each, so that `in_flight` are under way. A
// search that has evaluated the whole space ends there.
ParallelRun run_in_parallel(const RecordedSpace& recorded, const MakeStrategy& make,
                            std::uint64_t seed, std::size_t in_flight, std::size_t workers);

// Prints, for each space, the medians over seeds: evaluations and time with q evaluations under way
// on q workers, as ratios to one by one on one worker.
void bench_in_flight(const std::vector<RecordedSpace>& spaces, const std::string& strategy,
                     int seeds, int threads);

}  // namespace tw
