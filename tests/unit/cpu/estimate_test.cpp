// Checks the estimate of the emulation's time: accepted configurations do not time out, and refused
// ones would not have ended soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/model/emulated_work.h"
#include "core/space/space.h"
#include "devices/cpu/cpu.h"

namespace tw {
namespace {

struct Subject {
  const char *op, *shape;
};
constexpr Subject subjects[] = {
    {"gemm", "m=96,n=96,k=128"},
    {"conv2d", "n=1,c=16,h=14,w=14,k=32,r=3,s=3,pad=1"},
    {"conv_transpose2d", "n=1,c=16,h=14,w=14,k=16,r=3,stride=2,pad=1"},
    {"reduce", "outer=128,extent=1024"},
    {"reduce", "outer=8,extent=256,inner=64"},
    {"softmax", "rows=64,columns=1024"},
    {"activation", "rows=128,columns=2048"},
};

class CpuEstimate : public testing::TestWithParam<const char*> {};

TEST_P(CpuEstimate, IsWithinItsMarginOfEveryKernelsDefault) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const std::unique_ptr<Device> device = open_cpu();
  std::map<std::uint64_t, std::pair<std::string, double>> asked;  // name and estimate by job
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  for (const Subject& subject : subjects) {
    const OpEntry& entry = catalog.at(subject.op);
    const Problem problem = parse_problem(entry.op, {.shape = subject.shape, .dtype = GetParam()});
    for (const KernelSpec& kernel : entry.kernels) {
      const std::vector<std::int64_t> slots =
          slots_of(entry.op, kernel.names, problem, device->info());
      if (!kernel.needs.expr.evaluate(slots).value_or(0)) continue;
      const SearchSpace space = SearchSpace::enumerate(kernel, slots);
      const Configuration configuration = space[space.default_index()];
      Job job;
      job.id = asked.size() + 1;
      job.problem = problem.key(entry.op);
      job.kernel = kernel.name;
      job.plan = lower(catalog, kernel, problem, device->info(), configuration).plan;
      job.limits.timeout_ms = 120000;
      asked[job.id] = {kernel.op + '/' + kernel.name,
                       emulated_seconds(emulated_work(entry.op, kernel, problem, device->info(),
                                                      configuration))};
      device->submit(std::move(job));
    }
  }
  std::size_t answered = 0;
  while (answered < asked.size() && std::chrono::steady_clock::now() < deadline) {
    for (const Finished& finished : device->wait(deadline)) {
      ++answered;
      const auto& [name, estimate_s] = asked.at(finished.id);
      ASSERT_EQ(finished.measurement.outcome, Outcome::ok)
          << name << ": " << finished.measurement.note;
      const std::vector<double>& samples = finished.measurement.samples_ns;
      const double call_s = *std::min_element(samples.begin(), samples.end()) * 1e-9;
      EXPECT_LT(call_s, emulation_margin * estimate_s) << name;
      EXPECT_LT(estimate_s, emulation_margin * call_s) << name;
    }
  }
  EXPECT_EQ(answered, asked.size());
  EXPECT_GE(asked.size(), 12u);
}

INSTANTIATE_TEST_SUITE_P(All, CpuEstimate, testing::Values("f32", "f16", "bf16"),
                         [](const auto& dtype) { return std::string(dtype.param); });

}  // namespace
}  // namespace tw
