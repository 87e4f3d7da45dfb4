// When sampling stops; tested without a device or a clock.
#include "devices/gpu/measure/sampling.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace tw::gpu {
namespace {

SampleLimits limits() {
  SampleLimits limits;
  limits.min_samples = 5;
  limits.max_samples = 50;
  limits.max_ms = 200;
  limits.relative_interval = 0.005;
  return limits;
}

std::vector<double> same(int count, double value) {
  return std::vector<double>(static_cast<std::size_t>(count), value);
}

TEST(Judge, WantsTheLeastNumberOfSamples) {
  EXPECT_EQ(decide({}, limits(), 0, 0), SamplingDecision::more);
  EXPECT_EQ(decide(same(4, 1000), limits(), 0, 1), SamplingDecision::more);
  EXPECT_EQ(decide(same(5, 1000), limits(), 0, 1), SamplingDecision::enough);
}

TEST(Judge, GoesOnWhileTheMedianIsUncertain) {
  const std::vector<double> wide{1000, 1100, 1050, 1020, 1080, 1010, 1090};
  EXPECT_EQ(decide(wide, limits(), 0, 1), SamplingDecision::more);
  std::vector<double> many;
  for (int i = 0; i < 50; ++i) many.push_back(i % 2 != 0 ? 1000 : 1100);
  EXPECT_EQ(decide(many, limits(), 0, 1), SamplingDecision::enough);
  many.pop_back();
  EXPECT_EQ(decide(many, limits(), 0, 1), SamplingDecision::more);
}

TEST(Judge, EndsWhenTheTimeIsUp) {
  const std::vector<double> slow{1e8, 1.1e8, 1.2e8};
  EXPECT_EQ(decide(slow, limits(), 0, 330), SamplingDecision::enough);
  EXPECT_EQ(decide(std::span(slow).first(2), limits(), 0, 220), SamplingDecision::more);
}

TEST(Judge, OneSampleTellsOfTheHopeless) {
  EXPECT_EQ(decide(same(1, 50'000), limits(), 1000, 1), SamplingDecision::hopeless);
  EXPECT_EQ(decide(same(1, 2000), limits(), 1000, 1), SamplingDecision::more);
  EXPECT_EQ(decide(same(3, 1600), limits(), 1000, 1), SamplingDecision::hopeless);
  EXPECT_EQ(decide(same(3, 1400), limits(), 1000, 1), SamplingDecision::more);
}

TEST(Judge, WholeIntervalAboveTheIncumbentIsHopeless) {
  const std::vector<double> above{1100, 1150, 1120, 1130, 1110};
  EXPECT_EQ(decide(above, limits(), 1000, 1), SamplingDecision::hopeless);
  const std::vector<double> around{1100, 990, 1120, 1130, 1110};
  EXPECT_EQ(decide(around, limits(), 1000, 1), SamplingDecision::more);
  EXPECT_EQ(decide(above, limits(), 0, 1), SamplingDecision::more);
}

TEST(Judge, OneFastSampleKeepsAConfigurationInPlay) {
  const std::vector<double> samples{50'000, 900};
  EXPECT_EQ(decide(samples, limits(), 1000, 1), SamplingDecision::more);
}

TEST(Batch, StopsForTheIncumbentAfterThree) {
  EXPECT_EQ(next_batch(0, limits(), 0, 0.2, 0), 5);
  EXPECT_EQ(next_batch(0, limits(), 1000, 0.2, 0), 3);
  EXPECT_EQ(next_batch(3, limits(), 1000, 0.2, 0), 2);
}

TEST(Batch, TakesSlowOnesOneByOne) {
  EXPECT_EQ(next_batch(0, limits(), 0, 50, 0), 1);
  EXPECT_EQ(next_batch(2, limits(), 0, 50, 100), 1);
}

TEST(Batch, NeverExceedsTheLimits) {
  EXPECT_EQ(next_batch(48, limits(), 0, 0.01, 0), 2);
  for (std::size_t taken = 0; taken < 50; ++taken) {
    for (const double cost_ms : {0.001, 0.1, 1.0, 9.0, 1000.0}) {
      const int count = next_batch(taken, limits(), 0, cost_ms, 0);
      EXPECT_GE(count, 1);
      EXPECT_LE(static_cast<int>(taken) + count, 50);
    }
  }
}

// A source whose clock is the number of samples: each sample takes 10 ms.
struct FakeSource {
  std::vector<double> take(int count) {
    std::vector<double> batch;
    for (int i = 0; i < count; ++i) batch.push_back(time_of(taken++));
    return batch;
  }
  SampleSource source() {
    return {.take = [this](int count) { return take(count); },
            .is_throttled = [this] { return throttled(taken); },
            .spent_ms = [this] { return 10.0 * taken + 20.0 * rests; },
            .rest = [this] { ++rests; }};
  }
  std::function<double(int)> time_of = [](int) { return 1000.0; };
  std::function<bool(int)> throttled = [](int) { return false; };
  int taken = 0, rests = 0;
};

TEST(Samples, AreTakenUntilTheMedianIsKnownAfterTwoToWarmUp) {
  FakeSource device;
  device.time_of = [](int at) { return at < 2 ? 9000.0 : 1000.0; };
  const Sampling sampling = take_samples(device.source(), limits(), 0, 5000);
  EXPECT_EQ(sampling.decision, SamplingDecision::enough);
  EXPECT_EQ(sampling.samples_ns, same(5, 1000));
  EXPECT_EQ(sampling.dropped, 0);
  EXPECT_EQ(sampling.throttled, 0);
  EXPECT_EQ(device.taken, 7);
}

TEST(Samples, OfALongRunThatIsHopelessAreThatRun) {
  FakeSource device;
  const Sampling sampling = take_samples(device.source(), limits(), 1e6, 4e6);
  EXPECT_EQ(sampling.decision, SamplingDecision::hopeless);
  EXPECT_EQ(sampling.samples_ns, same(1, 4e6));
  EXPECT_EQ(device.taken, 0);
}

TEST(Samples, AtAThrottledClockAreDroppedWhileOthersMayCome) {
  FakeSource device;
  device.time_of = [](int at) { return at < 10 ? 1500.0 : 1000.0; };
  device.throttled = [](int taken) { return taken <= 10; };
  const Sampling sampling = take_samples(device.source(), limits(), 0, 1000);
  EXPECT_EQ(sampling.samples_ns, same(5, 1000));
  EXPECT_EQ(sampling.dropped, 8);  // the two others warmed up
  EXPECT_EQ(sampling.throttled, 0);
  EXPECT_GT(device.rests, 0);
}

TEST(Samples, AtAThrottledClockHaveToDoWhereThereAreNoOthers) {
  FakeSource device;
  device.throttled = [](int) { return true; };
  const Sampling sampling = take_samples(device.source(), limits(), 0, 1000);
  EXPECT_EQ(sampling.decision, SamplingDecision::enough);
  ASSERT_GE(sampling.samples_ns.size(), 3u);
  EXPECT_EQ(sampling.throttled, static_cast<int>(sampling.samples_ns.size()));
  EXPECT_GT(sampling.dropped, 0);
}

TEST(Samples, WhoseRecordsAreLostAreDropped) {
  FakeSource device;
  device.time_of = [](int at) { return at % 2 == 0 ? 0.0 : 1000.0; };
  const Sampling sampling = take_samples(device.source(), limits(), 0, 1000);
  EXPECT_EQ(sampling.samples_ns, same(static_cast<int>(sampling.samples_ns.size()), 1000));
  EXPECT_GE(sampling.samples_ns.size(), 5u);
  EXPECT_GT(sampling.dropped, 0);
}

}  // namespace
}  // namespace tw::gpu
