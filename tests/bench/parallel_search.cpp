#include "parallel_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <queue>

#include "core/base/statistics.h"

namespace tw {
namespace {

constexpr double target = 1.01;  // of the optimum

struct Setting {
  std::size_t in_flight, workers;
};
// The last one has two evaluations for each of eight workers, as a fleet has: a worker then goes on
// while the search waits for the evaluation that was asked for first.
constexpr Setting settings[] = {{1, 1}, {2, 2}, {4, 4}, {8, 8}, {16, 16}, {64, 64}, {16, 8}};

struct Asked {
  std::size_t index = 0;
  double ends_s = 0;
};

}  // namespace

ParallelRun run_in_parallel(const RecordedSpace& recorded, const MakeStrategy& make,
                            std::uint64_t seed, std::size_t in_flight, std::size_t workers) {
  const std::unique_ptr<Strategy> strategy = make(recorded.space, seed);
  std::priority_queue<double, std::vector<double>, std::greater<>> free_s;  // of each worker
  for (std::size_t i = 0; i < workers; ++i) free_s.push(0);
  std::deque<Asked> asked;
  ParallelRun run;
  while (true) {
    while (asked.size() < in_flight) {
      const std::vector<std::size_t> indices = strategy->ask(1);
      if (indices.empty()) break;
      const double begins_s = std::max(free_s.top(), run.wall_s);
      free_s.pop();
      asked.push_back({indices.front(), begins_s + recorded.cost_s[indices.front()]});
      free_s.push(asked.back().ends_s);
    }
    if (asked.empty()) return run;
    const Asked first = asked.front();
    asked.pop_front();
    run.wall_s = std::max(run.wall_s, first.ends_s);
    ++run.evaluations;
    const Evaluation evaluation{first.index, recorded.time_ns[first.index]};
    if (evaluation.time_ns <= target * recorded.optimum_ns) return run;
    strategy->tell({&evaluation, 1});
  }
}

void bench_in_flight(const std::vector<RecordedSpace>& spaces, const std::string& strategy,
                     int seeds, int threads) {
  const MakeStrategy make = [&](const SearchSpace& space, std::uint64_t seed) {
    return make_strategy(strategy, space, seed);
  };
  fmt::print("{}: until within 1 % of the optimum, medians of {} seeds\n", strategy, seeds);
  fmt::print("{:<52} {:>6} {:>8}", "under way/workers", "1/1", "s");
  for (const Setting& setting : settings) {
    if (setting.in_flight == 1) continue;
    const std::string name = fmt::format("{}/{}", setting.in_flight, setting.workers);
    fmt::print("  {:>6} {:>6}", name, "faster");
  }
  fmt::print("\n");
  std::vector<std::vector<double>> evaluations(std::size(settings)), speedups(std::size(settings));
  for (const RecordedSpace& recorded : spaces) {
    fmt::print("{:<52}", recorded.name);
    std::vector<double> medians, times;
    for (const Setting& setting : settings) {
      std::vector<double> counts(static_cast<std::size_t>(seeds)), walls(counts.size());
      in_parallel(counts.size(), threads, [&](std::size_t i) {
        const ParallelRun run =
            run_in_parallel(recorded, make, i + 1, setting.in_flight, setting.workers);
        counts[i] = static_cast<double>(run.evaluations);
        walls[i] = run.wall_s;
      });
      medians.push_back(median(std::move(counts)));
      times.push_back(median(std::move(walls)));
      const std::size_t at = medians.size() - 1;
      if (at == 0) {
        fmt::print(" {:>6.0f} {:>8.1f}", medians[0], times[0]);
      } else {
        evaluations[at].push_back(medians[at] / medians[0]);
        speedups[at].push_back(times[0] / times[at]);
        fmt::print("  {:>6.2f} {:>6.2f}", evaluations[at].back(), speedups[at].back());
      }
      std::fflush(stdout);
    }
    fmt::print("\n");
  }
  fmt::print("{:<52} {:>6} {:>8}", "all (geometric mean)", "", "");
  for (std::size_t i = 1; i < std::size(settings); ++i) {
    fmt::print("  {:>6.2f} {:>6.2f}", geometric_mean(evaluations[i]), geometric_mean(speedups[i]));
  }
  fmt::print("\n");
}

}  // namespace tw
