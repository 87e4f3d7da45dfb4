// Kernels of 2 us to 10 ms, each in its default configuration, which scripts/compare_ncu times with
// CUPTI and with Nsight Compute.
//
//   ncu_trial              times all and prints a line each: number, kernel, problem, median in us
//   ncu_trial NUMBER       measures only this one, as under ncu, and prints its kernel's name
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "devices/cuda/cuda.h"
#include "gpu_bench.h"
#include "worker_role.h"

namespace tw {
namespace {

struct Subject {
  const char *op, *kernel;
  ProblemText problem;
};

const Subject subjects[] = {
    {"activation", "stream", {.shape = "rows=128,columns=4096", .epilogue = "relu"}},
    {"reduce", "rows", {.shape = "outer=1024,extent=1024"}},
    {"gemm", "mma", {.shape = "m=512,n=512,k=512", .dtype = "bf16"}},
    {"gemm", "mma", {.shape = "m=2048,n=2048,k=512", .dtype = "bf16"}},
    {"gemm", "simt", {.shape = "m=512,n=512,k=1024"}},
    {"activation", "stream", {.shape = "rows=2048,columns=4096", .epilogue = "gelu"}},
    {"reduce", "rows", {.shape = "outer=16384,extent=4096"}},
    {"gemm", "wgmma", {.shape = "m=4096,n=4096,k=4096", .dtype = "bf16"}},
    {"gemm", "simt", {.shape = "m=2048,n=2048,k=2048"}},
    {"conv2d", "direct", {.shape = "n=128,c=8,h=128,w=128,k=64,r=3,s=3"}},
    {"reduce", "rows", {.shape = "outer=131072,extent=8192"}},
    {"gemm", "simt", {.shape = "m=4096,n=4096,k=4096"}},
    {"gemm", "simt", {.shape = "m=6144,n=6144,k=6656"}},
};

Job job_of(const Catalog& catalog, Device& device, const Subject& subject) {
  Job job = test::job_for(catalog, subject.op, subject.kernel, subject.problem, "", device);
  job.purpose = Purpose::race_round;
  job.limits = {.min_samples = 30, .max_samples = 30, .max_ms = 60000, .timeout_ms = 120000};
  return job;
}

std::string entry_of(const Job& job) {
  const std::string& entry = job.plan.program.entries.at(0);
  const std::string name = entry.substr(0, entry.find('<'));
  return name.substr(name.rfind(':') + 1);
}

int run(int only) {
  CudaOptions options;
  const std::unique_ptr<Device> device = open_cuda(options);
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  int number = 0;
  for (const Subject& subject : subjects) {
    ++number;
    if (only != 0 && number != only) continue;
    const Job job = job_of(catalog, *device, subject);
    const Measurement measurement = test::run(*device, job);
    if (measurement.outcome != Outcome::ok) throw Error(measurement.note);
    fmt::print("{}\t{}\t{}/{}\t{}\t{:.3f}\t{}\n", number, entry_of(job), subject.op, subject.kernel,
               job.problem, measurement.median_ns() * 1e-3, measurement.timer);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace tw

int main(int argc, char** argv) {
  return tw::test::run_program(argc, argv, "ncu_trial",
                               [&] { return tw::run(argc > 1 ? std::atoi(argv[1]) : 0); });
}
