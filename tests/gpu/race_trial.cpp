// A trial of the final race on a GPU. It races pairs of one configuration under two names (A/A), in
// which a race should see no difference, and pairs in which one configuration computes 0.5, 1, 2 or
// 3 % more. Each race is judged twice: as it was measured, and with one measurement made 1.5 times
// as long in one round of ten. The columns are those of race_simulation.
//
//   race_trial [PAIRS-OF-A/A] [PLANTED-PAIRS]     for each of five kernels; default 40 10
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "devices/cuda/cuda.h"
#include "gpu_bench.h"
#include "search/race.h"
#include "unit/search/race_noise.h"
#include "unit/search/test_spaces.h"
#include "worker_role.h"

namespace tw {
namespace {

// `longer` has extents that are 0.5, 1, 2 and 3 % larger; the work grows linearly with this extent.
struct Subject {
  const char *op, *kernel;
  ProblemText problem;
  const char* longer[4];
};

constexpr const char* planted_names[] = {"+0.5 %", "+1.0 %", "+2.0 %", "+3.0 %"};
const Subject subjects[] = {
    {"gemm",
     "simt",
     {.shape = "m=1024,n=1024,k=6400"},
     {"m=1024,n=1024,k=6432", "m=1024,n=1024,k=6464", "m=1024,n=1024,k=6528",
      "m=1024,n=1024,k=6592"}},
    {"gemm",
     "mma",
     {.shape = "m=2048,n=2048,k=6400", .dtype = "bf16"},
     {"m=2048,n=2048,k=6432", "m=2048,n=2048,k=6464", "m=2048,n=2048,k=6528",
      "m=2048,n=2048,k=6592"}},
    {"gemm",
     "wgmma",
     {.shape = "m=2048,n=2048,k=12800", .dtype = "bf16"},
     {"m=2048,n=2048,k=12864", "m=2048,n=2048,k=12928", "m=2048,n=2048,k=13056",
      "m=2048,n=2048,k=13184"}},
    {"reduce",
     "rows",
     {.shape = "outer=16384,extent=4000"},
     {"outer=16384,extent=4020", "outer=16384,extent=4040", "outer=16384,extent=4080",
      "outer=16384,extent=4120"}},
    {"activation",
     "stream",
     {.shape = "rows=4096,columns=16384", .epilogue = "relu"},
     {"rows=4096,columns=16464", "rows=4096,columns=16548", "rows=4096,columns=16712",
      "rows=4096,columns=16876"}},
};

struct Tallies {
  RaceTally measured, disturbed;
  double sum_of_ratios = 0, time_ns = 0;
};

// A device that forwards jobs and keeps the answers.
class Recorder : public Device {
 public:
  explicit Recorder(Device& device) : device_(device) {}
  const DeviceInfo& info() const override { return device_.info(); }
  int capacity() const override { return device_.capacity(); }
  void submit(Job job) override { device_.submit(std::move(job)); }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point deadline) override {
    std::vector<Finished> finished = device_.wait(deadline);
    for (const Finished& one : finished) answers.push_back(one.measurement);
    return finished;
  }
  void cancel() override { device_.cancel(); }

  std::deque<Measurement> answers;  // in the order of a race's jobs

 private:
  Device& device_;
};

std::vector<Race::Entrant> race_on(Device& device, const std::vector<Job>& jobs,
                                   std::uint64_t seed) {
  JobRunner runner(device);
  Race race(runner, jobs, race_rounds, seed);
  while (!race.step(std::chrono::steady_clock::now() + std::chrono::seconds(60))) {
  }
  return race.ranking();
}

// Runs the same race again from its answers, with disturbed rounds.
std::vector<Race::Entrant> disturbed_race(std::deque<Measurement> answers,
                                          const std::vector<Job>& jobs, std::uint64_t seed) {
  Random random(seed);
  std::size_t turn = 0, disturbed = jobs.size();
  FakeDevice device(1, [&](const Job&) {
    if (turn % jobs.size() == 0) {
      disturbed = random.uniform() < 0.1 ? random.below(jobs.size()) : jobs.size();
    }
    Measurement measurement = std::move(answers.front());
    answers.pop_front();
    if (turn++ % jobs.size() == disturbed) {
      for (double& sample : measurement.samples_ns) sample *= 1.5;
    }
    return measurement;
  });
  return race_on(device, jobs, seed);
}

// Races the default configuration for the two shapes, as the final of a search does.
void race_pair(Device& device, const std::vector<Job>& jobs, std::uint64_t seed, Tallies& seen) {
  Recorder recorder(device);
  const std::vector<Race::Entrant> ranking = race_on(recorder, jobs, seed);
  for (const Race::Entrant& entrant : ranking) {
    if (entrant.pooled.outcome == Outcome::ok) continue;
    throw Error(fmt::format("{}: {}", entrant.job.problem, entrant.pooled.note));
  }
  const bool slow_is_last = ranking.back().job.kernel == "slow";
  const double fast_ns = ranking[slow_is_last ? 0 : 1].pooled.median_ns();
  seen.time_ns += fast_ns;
  seen.sum_of_ratios += ranking[slow_is_last ? 1 : 0].pooled.median_ns() / fast_ns;
  seen.measured.add(ranking);
  seen.disturbed.add(disturbed_race(std::move(recorder.answers), jobs, seed));
}

// Both configurations need the same resources. So if they tie, the first by name wins, which is not
// the fast one.
std::vector<Job> pair_of(const Catalog& catalog, Device& device, const Subject& subject,
                         const std::string& second_shape) {
  ProblemText longer = subject.problem;
  longer.shape = second_shape;
  std::vector<Job> jobs{
      test::job_for(catalog, subject.op, subject.kernel, subject.problem, "", device),
      test::job_for(catalog, subject.op, subject.kernel, longer, "", device)};
  for (Job& job : jobs) job.limits = race_limits;
  jobs[0].kernel = "the fast one";
  jobs[1].kernel = "slow";
  return jobs;
}

void trial(const Catalog& catalog, Device& device, const Subject& subject,
           const std::string& planted, const std::string& second_shape, int pairs, Tallies& sum) {
  Tallies seen;
  const std::vector<Job> jobs = pair_of(catalog, device, subject, second_shape);
  for (int i = 0; i < pairs; ++i) {
    race_pair(device, jobs, static_cast<std::uint64_t>(i) + 1, seen);
  }
  sum.measured.add(seen.measured);
  sum.disturbed.add(seen.disturbed);
  fmt::print("{}  {:>9.2f} us, {:.4f}\n",
             seen.measured.row(fmt::format("{}/{} {}", subject.op, subject.kernel, planted)),
             seen.time_ns / seen.measured.pairs * 1e-3, seen.sum_of_ratios / seen.measured.pairs);
  std::fflush(stdout);
}

int run(int same, int planted) {
  CudaOptions options;
  const std::unique_ptr<Device> device = open_cuda(options);
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  fmt::print("{}, driver {}\n\n", device->info().model, device->info().driver);
  fmt::print("{}  fast one's time, ratio\n", RaceTally::heading());
  std::map<std::string, Tallies> sums;
  for (const Subject& subject : subjects) {
    trial(catalog, *device, subject, "A/A", subject.problem.shape, same, sums["+0.0 %"]);
    for (std::size_t i = 0; i < std::size(planted_names); ++i) {
      trial(catalog, *device, subject, planted_names[i], subject.longer[i], planted,
            sums[planted_names[i]]);
    }
  }
  fmt::print("\nall kernels, as measured\n{}\n", RaceTally::heading());
  for (const auto& [name, sum] : sums) fmt::print("{}\n", sum.measured.row(name));
  fmt::print("\nthe same, one round in ten disturbed by 1.5 times\n{}\n", RaceTally::heading());
  for (const auto& [name, sum] : sums) fmt::print("{}\n", sum.disturbed.row(name));
  return 0;
}

}  // namespace
}  // namespace tw

int main(int argc, char** argv) {
  return tw::test::run_program(argc, argv, "race_trial", [&] {
    return tw::run(argc > 1 ? std::atoi(argv[1]) : 40, argc > 2 ? std::atoi(argv[2]) : 10);
  });
}
