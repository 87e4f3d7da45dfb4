// Runs strategies on recorded spaces and evaluates the runs: how far the best found is from the
// optimum after so many evaluations, the community's performance score, and the overhead.
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

// A recording as a space with times.
struct RecordedSpace {
  // family: "convolution.A100" is of the family "convolution", our recordings of "op.kernel".
  std::string name, family;
  SearchSpace space;
  std::vector<double> time_ns;  // by index; infinity if the configuration failed
  std::vector<double> cost_s;   // of one evaluation: compiling it and running all samples
  double optimum_ns = 0;
  DeviceInfo device;
  std::string op, problem, kernel;  // only of our own recordings
};

// Reads every recording of a folder (T4, Kernel Tuner caches; plain or .gz), sorted by name. Throws
// Error if there is none, or if no configuration of one worked.
std::vector<RecordedSpace> read_spaces(const std::string& folder);

// One run of a strategy.
struct Run {
  std::vector<float> best;         // best found / optimum after 1, 2, ... evaluations
  std::vector<std::size_t> asked;  // the configurations that were asked for
  double overhead_s = 0;           // of ask and tell
  double cost_s = 0;               // of the evaluations
};

// Calls run(i) for each i in [0, count), on `threads` threads.
void in_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& run);

using MakeStrategy = std::function<std::unique_ptr<Strategy>(const SearchSpace&, std::uint64_t)>;

// Makes one run. Each evaluation is told before the next is asked for, until `enough` says stop.
Run run_strategy(const RecordedSpace& recorded, const MakeStrategy& make, std::uint64_t seed,
                 const std::function<bool(const Run&)>& enough);
// Makes runs with the seeds 1 to `seeds`, on `threads` threads. Each has at least `budget`
// evaluations, and as many as the performance score needs if it is wanted.
std::vector<Run> run_seeds(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                           std::size_t budget, bool for_score, int threads);

// The result of runs that the stopping rule (stopping.h) ended.
struct Stopped {
  double is_true = 0;  // the part of runs whose certificate is true
  double share = 0;    // the median part of the space that was evaluated
};
Stopped run_until_certain(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                          int threads);

// Returns the median over runs of best found / optimum after `evaluations` evaluations.
double median_ratio(const std::vector<Run>& runs, std::size_t evaluations);

// Returns the performance score of F.-J. Willemsen et al., "A methodology for comparing
// optimization algorithms for auto-tuning", Future Generation Computer Systems 159 (2024). It is a
// mean over 50 equidistant points of time. At each point it counts which part of the distance from
// random search to the optimum the strategy's mean curve has covered: 0 is random search, 1 is the
// optimum at once. The time ends where random search has covered 95 % of the distance from the
// space's median to its optimum. Random search is computed (the expected minimum of draws without
// replacement), not run.
double performance_score(const RecordedSpace& recorded, const std::vector<Run>& runs);
// Returns the number of evaluations after which this time ends.
std::size_t performance_budget(const RecordedSpace& recorded);

}  // namespace tw
