// A trial of the final race itself, on a GPU: pairs of one configuration under two names (A/A), in
// which a race should see no difference, and pairs of which one computes 2 % more, in which it
// should.
//
//   race_trial [PAIRS-OF-A/A] [PLANTED-PAIRS]     of each of five kernels; default 40 20
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cuda.h"
#include "error.h"
#include "gpu_bench.h"
#include "race.h"
#include "worker_role.h"

namespace tw {
namespace {

// The second shape is 2 % more of an extent along which the work grows evenly.
struct Subject {
  const char *op, *kernel;
  ProblemText problem;
  const char* longer;
};

const Subject subjects[] = {
    {"gemm", "simt", {.shape = "m=1024,n=1024,k=1600"}, "m=1024,n=1024,k=1632"},
    {"gemm", "mma", {.shape = "m=2048,n=2048,k=3200", .dtype = "bf16"}, "m=2048,n=2048,k=3264"},
    {"gemm", "wgmma", {.shape = "m=2048,n=2048,k=6400", .dtype = "bf16"}, "m=2048,n=2048,k=6528"},
    {"reduce", "rows", {.shape = "outer=16384,extent=4000"}, "outer=16384,extent=4080"},
    {"activation",
     "stream",
     {.shape = "rows=4096,columns=16384", .epilogue = "relu"},
     "rows=4096,columns=16712"},
};

struct Seen {
  int pairs = 0, different = 0, second_slower = 0;
  double sum_of_ratios = 0, time_ns = 0;
};

// Races the default configuration for the two shapes, as the final of a search does.
void race_pair(Device& device, const std::vector<Job>& jobs, std::uint64_t seed, Seen& seen) {
  Race race(device, jobs, race_rounds, seed);
  while (!race.step(std::chrono::steady_clock::now() + std::chrono::seconds(60))) {
  }
  const std::vector<Race::Entrant> ranking = race.ranking();
  for (const Race::Entrant& entrant : ranking) {
    if (entrant.pooled.outcome == Outcome::ok) continue;
    throw Error(fmt::format("{}: {}", entrant.job.problem, entrant.pooled.note));
  }
  const bool second_last = ranking.back().job.kernel == jobs.back().kernel;
  const double first_ns = ranking[second_last ? 0 : 1].pooled.median_ns();
  ++seen.pairs;
  seen.time_ns += first_ns;
  seen.sum_of_ratios += ranking[second_last ? 1 : 0].pooled.median_ns() / first_ns;
  if (Race::tied(ranking) == 2) return;
  ++seen.different;
  if (second_last) ++seen.second_slower;
}

std::vector<Job> pair_of(const Catalog& catalog, Device& device, const Subject& subject,
                         const char* second_shape) {
  ProblemText longer = subject.problem;
  longer.shape = second_shape;
  std::vector<Job> jobs{
      test::job_for(catalog, subject.op, subject.kernel, subject.problem, "", device),
      test::job_for(catalog, subject.op, subject.kernel, longer, "", device)};
  for (Job& job : jobs) job.limits = race_limits;
  jobs[0].kernel = "first";
  jobs[1].kernel = "second";
  return jobs;
}

Seen trial(const Catalog& catalog, Device& device, const Subject& subject, bool planted,
           int pairs) {
  Seen seen;
  const std::vector<Job> jobs =
      pair_of(catalog, device, subject, planted ? subject.longer : subject.problem.shape.c_str());
  for (int i = 0; i < pairs; ++i) {
    race_pair(device, jobs, static_cast<std::uint64_t>(i) + 1, seen);
  }
  fmt::print("{:<22} {:<8} {:>9.2f} {:>6} {:>10} {:>8} {:>8.4f}\n",
             fmt::format("{}/{}", subject.op, subject.kernel), planted ? "+2 %" : "A/A",
             seen.time_ns / seen.pairs * 1e-3, seen.pairs, seen.different, seen.second_slower,
             seen.sum_of_ratios / seen.pairs);
  std::fflush(stdout);
  return seen;
}

int run(int same, int planted) {
  CudaOptions options;
  const std::unique_ptr<Device> device = open_cuda(options);
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  fmt::print("{}, driver {}\n\n", device->info().model, device->info().driver);
  fmt::print("{:<22} {:<8} {:>9} {:>6} {:>10} {:>8} {:>8}\n", "kernel", "second", "first us",
             "pairs", "different", "slower", "ratio");
  Seen none, some;
  for (const Subject& subject : subjects) {
    const Seen aa = trial(catalog, *device, subject, false, same);
    const Seen more = trial(catalog, *device, subject, true, planted);
    none.pairs += aa.pairs;
    none.different += aa.different;
    some.pairs += more.pairs;
    some.second_slower += more.second_slower;
  }
  fmt::print("\nA/A: a difference called in {} of {} pairs; +2 %: found in {} of {}\n",
             none.different, none.pairs, some.second_slower, some.pairs);
  return 0;
}

}  // namespace
}  // namespace tw

int main(int argc, char** argv) {
  return tw::test::run_program(argc, argv, "race_trial", [&] {
    return tw::run(argc > 1 ? std::atoi(argv[1]) : 40, argc > 2 ? std::atoi(argv[2]) : 20);
  });
}
