// Strategies run on recorded spaces, and what is said of such runs: how far the best found is from
// the optimum after so many evaluations, the community's performance score, the overhead.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/formats/recording.h"
#include "core/space/space.h"
#include "search/strategies/strategy.h"

namespace tw {

struct RecordedSpace {
  std::string name,
      family;  // "convolution.A100" is of the family "convolution", ours of "op.kernel"
  SearchSpace space;
  std::vector<double> time_ns;  // by index; infinity where the configuration failed
  std::vector<double> cost_s;   // of one evaluation: compiling it and running all its samples
  double optimum_ns = 0;
  DeviceInfo device;
  std::string op, problem, kernel;  // of our own recordings
};

// Every recording of a folder (T4, Kernel Tuner caches; plain or .gz), by name. Throws Error if
// there is none, or none of its configurations worked.
std::vector<RecordedSpace> read_spaces(const std::string& folder);

struct Run {
  std::vector<float> best;         // best found / optimum after 1, 2, ... evaluations
  std::vector<std::size_t> asked;  // which configurations
  double overhead_s = 0;           // of ask and tell
  double cost_s = 0;               // of the evaluations
};

using MakeStrategy = std::function<std::unique_ptr<Strategy>(const SearchSpace&, std::uint64_t)>;

// One run, each evaluation told before the next is asked for, until `enough` of it.
Run run_strategy(const RecordedSpace& recorded, const MakeStrategy& make, std::uint64_t seed,
                 const std::function<bool(const Run&)>& enough);
// Runs with the seeds 1 to `seeds` of at least `budget` evaluations, and of what the performance
// score needs if it is wanted, on as many threads as are given.
std::vector<Run> run_seeds(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                           std::size_t budget, bool for_score, int threads);

// What became of runs that the stopping rule (stopping.h) ended.
struct Stopped {
  double is_true = 0;  // the part of runs whose certificate is true
  double share = 0;    // the median part of the space that was evaluated
};
Stopped run_until_certain(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                          int threads);

// The median over runs of best found / optimum after `evaluations`.
double median_ratio(const std::vector<Run>& runs, std::size_t evaluations);

// The performance score of F.-J. Willemsen et al., "A methodology for comparing optimization
// algorithms for auto-tuning", Future Generation Computer Systems 159 (2024): the mean, over 50
// equidistant points of time, of the part of the distance from random search to the optimum that
// the strategy's mean curve has gone; 0 = random search, 1 = the optimum at once. The time ends
// where random search has gone 95 % of the way from the space's median to its optimum. Random
// search is computed (the expected minimum of draws without replacement), not run.
double performance_score(const RecordedSpace& recorded, const std::vector<Run>& runs);
// The evaluations after which that time ends.
std::size_t performance_budget(const RecordedSpace& recorded);

}  // namespace tw
