#include "recorded_runs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <thread>

#include "core/base/error.h"
#include "core/base/statistics.h"
#include "core/formats/recording.h"
#include "search/stopping.h"

namespace tw {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

RecordedSpace read_space(const std::string& path) {
  const Recording recording = read_recording(path);
  std::string name = std::filesystem::path(path).filename().string();
  for (const char* end : {".gz", ".json", ".t4", ".kernel_tuner"}) {
    if (name.ends_with(end)) name.resize(name.size() - std::string_view(end).size());
  }
  RecordedSpace recorded{.name = name,
                         .family = recording.foreign() ? name.substr(0, name.find('.'))
                                                       : recording.op + "." + recording.kernel,
                         .space = space_of(recording),
                         .time_ns = {},
                         .cost_s = {},
                         .optimum_ns = infinity,
                         .device = recording.device,
                         .op = recording.op,
                         .problem = recording.problem,
                         .kernel = recording.kernel};
  add_datasheet(recorded.device);
  recorded.time_ns.assign(recorded.space.size(), infinity);
  recorded.cost_s.assign(recorded.space.size(), 0);
  for (const RecordedTrial& trial : recording.trials) {
    const std::size_t index = recorded.space.find(trial.configuration).value();
    const std::vector<double>& samples = trial.measurement.samples_ns;
    recorded.cost_s[index] = trial.measurement.compile_ms * 1e-3 +
                             std::accumulate(samples.begin(), samples.end(), 0.0) * 1e-9;
    if (trial.measurement.outcome == Outcome::ok) recorded.time_ns[index] = trial.value_ns;
  }
  recorded.optimum_ns = *std::min_element(recorded.time_ns.begin(), recorded.time_ns.end());
  if (recorded.optimum_ns == infinity) throw Error(path + ": no configuration of it worked");
  return recorded;
}

std::vector<double> sorted_times(const RecordedSpace& recorded) {
  std::vector<double> times = recorded.time_ns;
  std::sort(times.begin(), times.end());
  while (!times.empty() && times.back() == infinity) times.pop_back();
  return times;
}

// Returns the expected minimum of 1, 2, ... `most` draws without replacement. Failures count as
// slow as the slowest. P(the i-th fastest is the minimum of n) = C(size-i-1, n-1) / C(size, n).
std::vector<double> random_curve(const RecordedSpace& recorded, std::size_t most) {
  std::vector<double> times = sorted_times(recorded);
  times.resize(recorded.space.size(), times.back());
  const auto size = static_cast<double>(times.size());
  std::vector<double> curve;
  for (std::size_t n = 1; n <= std::min(most, times.size()); ++n) {
    const auto draws = static_cast<double>(n);
    double probability = draws / size, expected = 0;
    for (std::size_t i = 0; i < times.size() && probability > 1e-18; ++i) {
      expected += probability * times[i];
      const double rest = size - static_cast<double>(i) - 1;
      probability *= rest > draws - 1 ? (rest - draws + 1) / rest : 0;
    }
    curve.push_back(expected);
  }
  return curve;
}

double mean_cost_s(const RecordedSpace& recorded) {
  return std::accumulate(recorded.cost_s.begin(), recorded.cost_s.end(), 0.0) /
         static_cast<double>(recorded.cost_s.size());
}

// Returns the mean over runs of the best time found by `time_s`, in ns. Before a run has found
// anything, the first value of random search counts.
double mean_best_at(const RecordedSpace& recorded, const std::vector<Run>& runs, double time_s,
                    double first_ns) {
  double sum = 0;
  for (const Run& run : runs) {
    double spent_s = 0, best_ns = first_ns;
    for (std::size_t i = 0; i < run.asked.size(); ++i) {
      spent_s += recorded.cost_s[run.asked[i]];
      if (spent_s > time_s) break;
      if (std::isfinite(run.best[i])) best_ns = run.best[i] * recorded.optimum_ns;
    }
    sum += std::min(best_ns, first_ns);
  }
  return sum / static_cast<double>(runs.size());
}

}  // namespace

std::vector<RecordedSpace> read_spaces(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".json") || path.ends_with(".json.gz")) paths.push_back(path);
  }
  if (paths.empty()) throw Error(folder + ": holds no recordings (.json or .json.gz)");
  std::sort(paths.begin(), paths.end());
  std::vector<RecordedSpace> spaces;
  for (const std::string& path : paths) spaces.push_back(read_space(path));
  return spaces;
}

Run run_strategy(const RecordedSpace& recorded, const MakeStrategy& make, std::uint64_t seed,
                 const std::function<bool(const Run&)>& enough) {
  using Clock = std::chrono::steady_clock;
  Run run;
  double best = infinity;
  const std::unique_ptr<Strategy> strategy = make(recorded.space, seed);
  const Clock::time_point began = Clock::now();
  while (!enough(run)) {
    const std::vector<std::size_t> indices = strategy->ask(1);
    if (indices.empty()) break;
    const Evaluation evaluation{indices.front(), recorded.time_ns[indices.front()]};
    best = std::min(best, evaluation.time_ns / recorded.optimum_ns);
    run.asked.push_back(evaluation.index);
    run.best.push_back(static_cast<float>(best));
    run.cost_s += recorded.cost_s[evaluation.index];
    strategy->tell({&evaluation, 1});
  }
  run.overhead_s = std::chrono::duration<double>(Clock::now() - began).count();
  return run;
}

void in_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& run) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) run(i);
  };
  std::vector<std::jthread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
}

std::vector<Run> run_seeds(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                           std::size_t budget, bool for_score, int threads) {
  const double score_s = mean_cost_s(recorded) * static_cast<double>(performance_budget(recorded));
  const auto enough = [&](const Run& run) {
    return run.asked.size() >= budget && (!for_score || run.cost_s >= score_s);
  };
  std::vector<Run> runs(static_cast<std::size_t>(seeds));
  in_parallel(runs.size(), threads,
              [&](std::size_t i) { runs[i] = run_strategy(recorded, make, i + 1, enough); });
  return runs;
}

Stopped run_until_certain(const RecordedSpace& recorded, const MakeStrategy& make, int seeds,
                          int threads) {
  std::vector<double> shares(static_cast<std::size_t>(seeds));
  std::vector<char> truths(shares.size());
  in_parallel(shares.size(), threads, [&](std::size_t i) {
    StoppingRule rule(recorded.space.size());
    const Run run = run_strategy(recorded, make, i + 1, [&](const Run& so_far) {
      if (!so_far.asked.empty()) rule.tell(recorded.time_ns[so_far.asked.back()]);
      return rule.may_stop();
    });
    shares[i] = static_cast<double>(run.asked.size()) / static_cast<double>(recorded.space.size());
    truths[i] = static_cast<double>(run.best.back()) <= StoppingRule::ratio;
  });
  const auto count = std::count(truths.begin(), truths.end(), 1);
  return {static_cast<double>(count) / seeds, median(std::move(shares))};
}

double median_ratio(const std::vector<Run>& runs, std::size_t evaluations) {
  std::vector<double> ratios;
  for (const Run& run : runs) {
    ratios.push_back(run.best[std::min(evaluations, run.best.size()) - 1]);
  }
  return median(std::move(ratios));
}

std::size_t performance_budget(const RecordedSpace& recorded) {
  const std::vector<double> times = sorted_times(recorded);
  const double cutoff = recorded.optimum_ns + 0.05 * (median(times) - recorded.optimum_ns);
  std::size_t most = 64;
  while (true) {
    const std::vector<double> curve = random_curve(recorded, most);
    const auto at =
        std::find_if(curve.begin(), curve.end(), [&](double ns) { return ns <= cutoff; });
    if (at != curve.end()) return static_cast<std::size_t>(at - curve.begin()) + 1;
    if (curve.size() < most) return curve.size();
    most *= 2;
  }
}

double performance_score(const RecordedSpace& recorded, const std::vector<Run>& runs) {
  constexpr int points = 50;
  const std::size_t budget = performance_budget(recorded);
  const std::vector<double> curve = random_curve(recorded, budget);
  const double evaluation_s = mean_cost_s(recorded);
  double sum = 0;
  for (int point = 1; point <= points; ++point) {
    const double time_s = evaluation_s * static_cast<double>(budget) * point / points;
    const auto draws = static_cast<std::size_t>(time_s / evaluation_s + 1e-9);
    const double random_ns = curve[std::clamp<std::size_t>(draws, 1, curve.size()) - 1];
    const double found_ns = mean_best_at(recorded, runs, time_s, curve.front());
    if (random_ns > recorded.optimum_ns) {
      sum += (random_ns - found_ns) / (random_ns - recorded.optimum_ns);
    }
  }
  return sum / points;
}

}  // namespace tw
