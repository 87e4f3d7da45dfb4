// The energy of launches, by the counter of a real GPU.
#include <gtest/gtest.h>

#include <string>

#include "gpu_bench.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

Measurement with_energy(Device& device, const std::string& busy, double energy_ms = 500) {
  static const Catalog catalog =
      Catalog::load_file(test_data("planted/op.toml"), builtin_sources());
  Job job =
      job_for(catalog, "planted", "scale", {.shape = "elements=16777216"}, "busy=" + busy, device);
  job.limits.energy_ms = energy_ms;
  job.limits.timeout_ms += 5000;
  return run(device, std::move(job));
}

#define TW_NEEDS_ENERGY(device) \
  if (!(device)->has_energy()) GTEST_SKIP() << "the driver counts no energy of this GPU"

// No GPU draws less than 10 W or more than 2 kW. The energy is that of launches with a warm L2.
TEST(Energy, IsPowerTimesTime) {
  TW_NEEDS_GPU(device);
  TW_NEEDS_ENERGY(device);
  for (const char* busy : {"dram", "fma", "latency"}) {
    const Measurement measurement = with_energy(*device, busy);
    ASSERT_EQ(measurement.outcome, Outcome::ok) << busy << ": " << measurement.note;
    EXPECT_GT(measurement.mean_power_w, 10) << busy;
    EXPECT_LT(measurement.mean_power_w, 2000) << busy;
    const double launch_ms = measurement.energy_mj / measurement.mean_power_w;
    EXPECT_LT(launch_ms, 1.3e-6 * measurement.median_ns() + 0.02) << busy;
    EXPECT_GT(launch_ms, 0.3e-6 * measurement.median_ns()) << busy;
  }
}

TEST(Energy, RepeatsAndDependsLittleOnHowLongItIsMeasured) {
  TW_NEEDS_GPU(device);
  TW_NEEDS_ENERGY(device);
  with_energy(*device, "fma");  // warms the GPU up
  const double mj = with_energy(*device, "fma").energy_mj;
  EXPECT_NEAR(with_energy(*device, "fma").energy_mj, mj, 0.05 * mj);
  EXPECT_NEAR(with_energy(*device, "fma", 2000).energy_mj, mj, 0.05 * mj);
}

TEST(Energy, OfWorkIsMoreThanOfWaiting) {
  TW_NEEDS_GPU(device);
  TW_NEEDS_ENERGY(device);
  EXPECT_GT(with_energy(*device, "fma").mean_power_w,
            with_energy(*device, "one_block").mean_power_w);
}

}  // namespace
}  // namespace tw::test
