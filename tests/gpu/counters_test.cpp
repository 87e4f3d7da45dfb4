// Counters of kernels with planted bottlenecks, and the check that no work is missing from a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/catalog/catalog.h"
#include "core/model/bottleneck.h"
#include "devices/cuda/cuda.h"
#include "gpu_bench.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

constexpr double elements = 1 << 24;

Job planted(const Device& device, const std::string& busy) {
  static const Catalog catalog =
      Catalog::load_file(test_data("planted/op.toml"), builtin_sources());
  return job_for(catalog, "planted", "scale", {.shape = "elements=16777216"}, "busy=" + busy,
                 device);
}

Measurement counted(Device& device, const std::string& busy) {
  Job job = planted(device, busy);
  job.purpose = Purpose::counters;
  return run(device, std::move(job));
}

#define TW_NEEDS_COUNTERS(measurement)                               \
  if ((measurement).note.find("CUPTI refuses") != std::string::npos) \
  GTEST_SKIP() << (measurement).note

TEST(Counters, NameThePlantedBottleneck) {
  TW_NEEDS_GPU(device);
  const std::pair<const char*, Bound> cases[] = {{"dram", Bound::dram},
                                                 {"bank_conflicts", Bound::bank_conflicts},
                                                 {"fma", Bound::fma},
                                                 {"latency", Bound::latency},
                                                 {"one_block", Bound::idle_sms}};
  for (const auto& [busy, bound] : cases) {
    const Measurement measurement = counted(*device, busy);
    TW_NEEDS_COUNTERS(measurement);
    ASSERT_EQ(measurement.outcome, Outcome::ok) << busy << ": " << measurement.note;
    EXPECT_TRUE(measurement.samples_ns.empty());
    const auto found = bottleneck(measurement.metrics);
    ASSERT_TRUE(found) << busy;
    EXPECT_EQ(name_of(found->bound), name_of(bound)) << found->text;
  }
}

TEST(Counters, CountTheBytesOfACopy) {
  TW_NEEDS_GPU(device);
  const Measurement measurement = counted(*device, "dram");
  TW_NEEDS_COUNTERS(measurement);
  ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  const auto& metrics = measurement.metrics;
  EXPECT_NEAR(metrics.at("dram_read_bytes"), 4 * elements, 0.05 * 4 * elements);
  // Written data may still be in L2 when the kernel ends.
  EXPECT_LE(metrics.at("dram_write_bytes"), 4.2 * elements);
  EXPECT_GE(metrics.at("l2_bytes"), 8 * elements);
  EXPECT_LT(metrics.at("bank_conflicts"), 0.1 * metrics.at("shared_wavefronts") + 1);
}

TEST(Counters, LeaveTimingAsItWas) {
  TW_NEEDS_GPU(device);
  const Measurement before = run(*device, planted(*device, "fma"));
  const Measurement counters = counted(*device, "fma");
  TW_NEEDS_COUNTERS(counters);
  const Measurement after = run(*device, planted(*device, "fma"));
  ASSERT_EQ(after.outcome, Outcome::ok) << after.note;
  EXPECT_EQ(after.timer, before.timer);
  EXPECT_NEAR(after.median_ns() / before.median_ns(), 1, 0.05);
  EXPECT_NEAR(counters.metrics.at("counted_ns") / before.median_ns(), 1, 0.15);
}

TEST(WallTime, AccountsForAKernelThatDoesAllItsWork) {
  TW_NEEDS_GPU(device);
  for (const char* busy : {"dram", "fma", "one_block"}) {
    const Measurement measurement = run(*device, planted(*device, busy));
    ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
    EXPECT_GT(measurement.metrics.at("wall_ns"), 0.5 * measurement.median_ns());
    EXPECT_FALSE(measurement.metrics.contains("unaccounted_ns")) << measurement.note;
  }
}

}  // namespace
}  // namespace tw::test
