// Tensors of more than 2^31 elements, whose offsets do not fit in an int.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "gpu_bench.h"

namespace tw::test {
namespace {

struct Large {
  std::string op, shape, epilogue;
};

void PrintTo(const Large& large, std::ostream* out) { *out << large.op << " " << large.shape; }

// Returns, for every kernel that serves the problem, its default configuration and two more. The
// configurations may split the work of one block.
std::vector<Job> jobs_of(const Catalog& catalog, const OpEntry& entry, const Problem& problem,
                         const DeviceInfo& device) {
  std::vector<Job> jobs;
  std::mt19937_64 random(31);
  for (const KernelSpec& kernel : entry.kernels) {
    const auto slots = slots_of(entry.op, kernel.names, problem, device);
    if (!kernel.needs.expr.holds(slots)) continue;
    const SearchSpace space = SearchSpace::enumerate(kernel, slots);
    for (const std::size_t index :
         {space.default_index(), random() % space.size(), random() % space.size()}) {
      LoweredPlan lowered = lower(catalog, kernel, problem, device, space[index]);
      EXPECT_EQ(lowered.invalid, "") << kernel.name;
      Job& job = jobs.emplace_back();
      job.problem = problem.key(entry.op);
      job.kernel = kernel.name;
      job.configuration = text_of(kernel.knobs, space[index]);
      job.purpose = Purpose::verify;
      job.limits.timeout_ms = 60000;
      job.plan = std::move(lowered.plan);
    }
  }
  return jobs;
}

class LargeTest : public testing::TestWithParam<Large> {};

TEST_P(LargeTest, IsVerified) {
  TW_NEEDS_GPU(device);
  static const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const OpEntry& entry = catalog.at(GetParam().op);
  const Problem problem = parse_problem(
      entry.op, {.shape = GetParam().shape, .dtype = "bf16", .epilogue = GetParam().epilogue});
  constexpr std::int64_t spare = std::int64_t{8} << 30;  // for a residual, and for other processes
  DeviceInfo smaller = device->info();
  if (smaller.memory_bytes <= spare) GTEST_SKIP() << "the device's memory is too small";
  smaller.memory_bytes -= spare;
  try {
    check_memory(entry.op, problem, smaller);
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const std::vector<Job> jobs = jobs_of(catalog, entry, problem, device->info());
  ASSERT_FALSE(jobs.empty());
  const std::vector<Measurement> measurements = run_all(*device, jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(measurements[i].outcome, Outcome::ok)
        << jobs[i].kernel << " " << jobs[i].configuration << ": " << measurements[i].note;
  }
}

// 65540 * 32771 is 327692 above 2^31. An activation takes 48 GB, a reduction up to 13 GB. Sums of
// signed terms vary between rows by more than the tolerance, so that a wrong row shows. For one
// long row, the logarithm of the sum of exponentials shows if a third of the terms is missing.
INSTANTIATE_TEST_SUITE_P(
    Bf16, LargeTest,
    testing::Values(Large{"activation", "rows=65540,columns=32771", "residual,relu"},
                    Large{"activation", "rows=65540,columns=32771,ldx=32776,ldy=32776", "relu"},
                    Large{"reduce", "outer=65540,extent=65540", ""},
                    Large{"reduce", "outer=3,extent=65540,inner=32771", ""},
                    Large{"reduce", "outer=1,extent=2147811340,operation=logsumexp", ""}));

}  // namespace
}  // namespace tw::test
