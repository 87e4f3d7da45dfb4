// The energy of launches, by a counter that is updated now and then.
#include "devices/gpu/measure/energy.h"

#include <memory>

#include "core/base/error.h"
#include "unit/gpu/session_fixture.h"

namespace tw::gpu {
namespace {

class Energies : public MeasuringSessionTest {
 protected:
  static MeasureRequest asked(Purpose purpose = Purpose::measure) {
    MeasureRequest job = request("twice");
    job.job.purpose = purpose;
    job.job.limits.energy_ms = 500;
    return job;
  }
  // Sets the time and the power of the kernel.
  void set(double ns, double watts) {
    runtime_.kernel("twice").ns = [ns](int) { return ns; };
    runtime_.kernel("twice").watts = watts;
  }
};

// The counter's step is a tenth of what is measured, and its updates do not fall on the launches.
TEST_F(Energies, AreOfALaunchWhateverTheStepOfTheCounter) {
  set(10'000, 300);
  for (const double update_ms : {20.0, 47.0, 100.0}) {
    runtime_.energy_update_ms = update_ms;
    const Measurement measurement = measure(asked());
    ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
    EXPECT_NEAR(measurement.energy_mj, 3, 0.03) << update_ms;
    // Between batches the fake GPU restores buffers, which takes time and no energy.
    EXPECT_NEAR(measurement.mean_power_w, 290, 12) << update_ms;
    EXPECT_EQ(measurement.median_ns(), 10'000);
  }
}

TEST_F(Energies, OfShortAndOfLongLaunches) {
  const std::pair<double, double> cases[] = {{1'000, 200}, {3e6, 450}, {120e6, 600}};
  for (const auto& [ns, watts] : cases) {
    set(ns, watts);
    const Measurement measurement = measure(asked());
    ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
    const double expected_mj = 1e-6 * ns * watts;
    EXPECT_NEAR(measurement.energy_mj, expected_mj, 0.05 * expected_mj) << ns;
  }
}

TEST_F(Energies, AreMeasuredOnlyIfAsked) {
  EXPECT_EQ(measure("twice").energy_mj, 0);
  EXPECT_EQ(measure(asked(Purpose::verify)).energy_mj, 0);
  EXPECT_GT(measure(asked(Purpose::race_round)).energy_mj, 0);
}

TEST_F(Energies, LeaveTheFlushOut) {
  measure("twice");  // wakes the clocks
  const int before = runtime_.count_of("tw_flush_read");
  measure("twice");
  const int flushes = runtime_.count_of("tw_flush_read") - before;
  measure(asked());
  EXPECT_EQ(runtime_.count_of("tw_flush_read") - before, 2 * flushes);
}

TEST_F(Energies, OfABaselineToo) {
  struct Library final : Baseline {
    explicit Library(FakeRuntime& its) : runtime(its) {}
    std::string version() const override { return "a library"; }
    void launch() override { runtime.work(20'000, 0, 500); }
    FakeRuntime& runtime;
  };
  runtime_.make_baseline = [this](const BaselineCall&) {
    return std::make_unique<Library>(runtime_);
  };
  MeasureRequest job = asked(Purpose::baseline);
  job.job.plan.problem = [&] {
    auto plain = std::make_shared<ProblemPlan>(*job.job.plan.problem);
    plain->oracle.kind = OraclePlan::Kind::none;
    return plain;
  }();
  const Measurement measurement = measure(job);
  ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_NEAR(measurement.energy_mj, 10, 0.1);
}

TEST_F(Energies, ACounterThatStandsStillIsAFaultOfTheMachine) {
  runtime_.energy_update_ms = 0;
  try {
    measure(asked());
    FAIL() << "an energy was measured without a counter";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the energy counter of fake GPU stands still: run the same command again, or use "
                 "--objective time");
  }
}

// A slow reading of the counter must not leave the GPU idle.
TEST(EnergyMeter, ABatchIsLongerThanAReading) {
  double now_ms = 0, used_mj = 0;
  int most = 0;
  const auto pass = [&](double ms, double watts) {
    now_ms += ms;
    used_mj += ms * watts;
  };
  const EnergySource source{
      .counter_mj =
          [&] {
            pass(5, 0);
            return std::floor(now_ms / 50) * 50 * used_mj / now_ms;
          },
      .launch =
          [&](int count) {
            most = std::max(most, count);
            pass(count * 0.1, 400);
          },
      .wait = [] {},
      .clock = {.now =
                    [&] {
                      return std::chrono::steady_clock::time_point(
                          std::chrono::nanoseconds(static_cast<std::int64_t>(1e6 * now_ms)));
                    },
                .sleep = [&](std::chrono::milliseconds ms) { now_ms += double(ms.count()); }}};
  ASSERT_TRUE(measure_energy(source, 100'000, 500));
  EXPECT_EQ(most, 200) << "20 ms, for readings of 5 ms";
}

}  // namespace
}  // namespace tw::gpu
