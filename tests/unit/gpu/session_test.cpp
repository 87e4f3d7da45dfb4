// How the measuring session takes times, and what it does when a job goes wrong.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "unit/gpu/session_fixture.h"

namespace tw::gpu {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Times = MeasuringSessionTest;

// One launch verifies and two warm up.
TEST_F(Times, AreThoseOfTheLaunchesAfterTheWarmUp) {
  runtime_.kernel("twice").ns = [](int launch) { return 1000.0 + launch; };
  const Measurement measurement = measure("twice");
  EXPECT_THAT(measurement.samples_ns, ElementsAre(1003, 1004, 1005, 1006, 1007));
  EXPECT_EQ(measurement.timer, "cupti");
  EXPECT_EQ(measurement.metrics.at("sm_clock_mhz"), 1500);
  EXPECT_EQ(measurement.metrics.at("power_w"), 400);
  EXPECT_FALSE(measurement.metrics.contains("stopped_early"));
  EXPECT_FALSE(measurement.metrics.contains("dropped_samples"));
}

TEST_F(Times, OfSeveralPassesAreAddedUp) {
  add("first_pass", [](void**) {}).ns = [](int) { return 300.0; };
  runtime_.kernel("twice").ns = [](int) { return 700.0; };
  MeasureRequest job = request("twice");
  job.job.plan.launches.insert(job.job.plan.launches.begin(), job.job.plan.launches[0]);
  job.job.plan.launches[1].entry = 1;
  job.variant.names = {"first_pass", "twice"};
  EXPECT_THAT(measure(job).samples_ns, Each(1000.0));
}

TEST_F(Times, EachSampleBeginsWithAFlushOfL2AndAMark) {
  measure("twice");  // wakes the clocks
  const int flushes = runtime_.count_of("tw_flush_read"), marks = runtime_.count_of("tw_mark");
  const int writes = runtime_.count_of("tw_flush_write");
  MeasureRequest job = request("twice");
  job.job.purpose = Purpose::race_round;  // its wall time is not taken
  const int launches = runtime_.kernel("twice").launches;
  measure(job);
  const int samples = runtime_.kernel("twice").launches - launches;
  EXPECT_EQ(samples, 1 + 2 + 5 + 1);
  EXPECT_EQ(runtime_.count_of("tw_flush_read") - flushes, samples);
  EXPECT_EQ(runtime_.count_of("tw_flush_write") - writes, samples);
  EXPECT_EQ(runtime_.count_of("tw_mark") - marks, samples);
  job.job.limits.cold_l2 = false;
  measure(job);
  EXPECT_EQ(runtime_.count_of("tw_flush_read") - flushes, samples);
}

TEST_F(Times, SamplingEndsEarlyIfTheIncumbentCannotBeBeaten) {
  MeasureRequest job = request("twice");
  job.job.incumbent_ns = 1000;
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.metrics.at("stopped_early"), 1);
  EXPECT_LE(measurement.samples_ns.size(), 3u);
  EXPECT_EQ(runtime_.kernel("twice").launches, 3 + static_cast<int>(measurement.samples_ns.size()))
      << "neither the wall time nor the second set of inputs is tried";
}

TEST_F(Times, AJobThatVerifiesTakesNone) {
  MeasureRequest job = request("twice");
  job.job.purpose = Purpose::verify;
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_TRUE(measurement.samples_ns.empty());
  EXPECT_EQ(runtime_.kernel("twice").launches, 2) << "one for each set of inputs";
}

TEST_F(Times, ATimerThatLosesThreeBatchesIsReplaced) {
  runtime_.exact.loses = [](int batch) { return batch < 2; };
  Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.timer, "cupti");
  EXPECT_TRUE(session_.take_notices().empty());
  runtime_.exact.loses = [](int) { return true; };
  measurement = measure("twice");
  EXPECT_EQ(measurement.timer, "events");
  EXPECT_EQ(measurement.samples_ns.size(), 5u);
  EXPECT_THAT(session_.take_notices(),
              ElementsAre("timed by events from now on: CUPTI loses records of kernels"));
}

// The first batch is the verification, the second one the warm-up.
TEST_F(Times, ALostSampleIsDroppedAndCounted) {
  runtime_.exact.loses = [](int batch) { return batch == 2; };
  const Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.metrics.at("dropped_samples"), 1);
  EXPECT_EQ(measurement.samples_ns.size(), 5u);
  EXPECT_THAT(measurement.samples_ns, Each(10'000.0));
  EXPECT_EQ(measurement.timer, "cupti");
}

TEST_F(Times, ThrottledSamplesAreDroppedAfterARest) {
  runtime_.throttled = [](int question) { return question < 2; };
  const Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.samples_ns.size(), 5u);
  EXPECT_EQ(measurement.metrics.at("dropped_samples"), 10);
  EXPECT_FALSE(measurement.metrics.contains("throttled_samples"));
  EXPECT_EQ(runtime_.slept_ms, 40);
  EXPECT_EQ(measurement.note, "");
}

TEST_F(Times, ThrottledSamplesAreUsedAndNotedIfThereAreNoOthers) {
  runtime_.throttled = [](int) { return true; };
  const Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.metrics.at("throttled_samples"),
            static_cast<double>(measurement.samples_ns.size()));
  EXPECT_THAT(measurement.note, HasSubstr("samples were taken at a throttled clock"));
  EXPECT_GE(runtime_.slept_ms, 300);
  EXPECT_THAT(session_.take_notices(), ElementsAre(HasSubstr("slows the GPU down")));
  measure("twice");
  EXPECT_TRUE(session_.take_notices().empty()) << "it is said once";
}

TEST_F(Times, WorkThatTheTimerMissesIsNoted) {
  Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.metrics.at("wall_ns"), 10'000);
  EXPECT_FALSE(measurement.metrics.contains("unaccounted_ns"));
  runtime_.kernel("twice").hidden_ns = 2e6;
  measurement = measure("twice");
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.median_ns(), 10'000);
  EXPECT_EQ(measurement.metrics.at("unaccounted_ns"), 2e6);
  EXPECT_EQ(measurement.note,
            "a launch takes 2010 us of wall time, but its kernels take 10 us: its time misses some "
            "work");
}

using Faults = MeasuringSessionTest;

TEST_F(Faults, AFaultLosesTheContext) {
  runtime_.kernel("twice").faults = [](int launch) { return launch == 5; };  // while it is timed
  const Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.outcome, Outcome::faulted);
  EXPECT_EQ(measurement.note, "while it ran: FAKE_FAULT");
  EXPECT_TRUE(measurement.samples_ns.empty());
  EXPECT_TRUE(lost_);
}

TEST_F(Faults, ARefusedLaunchLosesNothing) {
  runtime_.kernel("twice").is_refused = true;
  const Measurement measurement = measure("twice");
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(measurement.note,
            "launching pass 1 (1 x 1 x 1 blocks of 32 x 1 x 1 threads, 0 bytes of shared memory): "
            "FAKE_REFUSED");
  EXPECT_FALSE(lost_);
  runtime_.kernel("twice").is_refused = false;
  EXPECT_EQ(measure("twice").samples_ns.size(), 5u);
}

// The second pass is refused, and the first one faults: the wait for it tells.
TEST_F(Faults, AFaultBeforeARefusedLaunchIsAFault) {
  add("first_pass", [](void**) {}).faults = [](int) { return true; };
  runtime_.kernel("twice").is_refused = true;
  MeasureRequest job = request("twice");
  job.job.plan.launches.push_back(job.job.plan.launches[0]);
  job.job.plan.launches[1].entry = 1;
  job.variant.names = {"first_pass", "twice"};
  EXPECT_EQ(measure(job).outcome, Outcome::faulted);
  EXPECT_TRUE(lost_);
}

TEST_F(Faults, SharedMemoryBeyondTheDevicesIsRefused) {
  MeasureRequest job = request("twice");
  job.job.plan.launches[0].smem_bytes = 200 * 1024;
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_THAT(measurement.note, StartsWith("asking for 204800 bytes of shared memory"));
}

TEST_F(Faults, AReferenceThatFailsIsAnError) {
  runtime_.kernel("reference").is_refused = true;
  try {
    measure("twice");
    FAIL() << "it was measured without its reference";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith("the reference of twice f32 n=100 failed on the device"));
  }
}

class Memory : public MeasuringSessionTest {
 protected:
  // Returns a job on a problem of its own.
  static MeasureRequest of_seed(std::uint64_t seed) {
    MeasureRequest job = request("twice");
    job.job.seed = seed;
    return job;
  }
  int references() { return runtime_.kernel("reference").launches; }
};

TEST_F(Memory, BuffersOfAProblemAreUsedAgain) {
  measure(of_seed(1));
  EXPECT_EQ(references(), 2) << "one for each set of inputs";
  const std::int64_t bytes = runtime_.bytes_in_use();
  measure(of_seed(1));
  EXPECT_EQ(references(), 2);
  EXPECT_EQ(runtime_.bytes_in_use(), bytes);
  measure(of_seed(2));
  EXPECT_EQ(references(), 4);
  measure(of_seed(1));
  EXPECT_EQ(references(), 4) << "two problems are kept";
  measure(of_seed(3));
  measure(of_seed(1));
  EXPECT_EQ(references(), 6) << "the least recently used one was dropped";
  measure(of_seed(2));
  EXPECT_EQ(references(), 8);
}

TEST_F(Memory, BuffersOfOtherProblemsMakeRoom) {
  measure(of_seed(1));
  runtime_.memory_limit = runtime_.bytes_in_use() + 1000;  // for one problem and its workspaces
  EXPECT_EQ(measure(of_seed(2)).outcome, Outcome::ok);
  EXPECT_EQ(references(), 4);
  measure(of_seed(1));
  EXPECT_EQ(references(), 6) << "it was dropped";
}

TEST_F(Memory, TensorsThatDoNotFitAreOneClearError) {
  measure(of_seed(1));
  MeasureRequest large = of_seed(2);
  for (PlanTensor& tensor : test::own_problem(large.job.plan).tensors) {
    tensor.layout = {{1 << 20}, {1}, 1 << 20};
  }
  runtime_.memory_limit = runtime_.bytes_in_use() + 1000;
  try {
    measure(large);
    FAIL() << "it fits";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                StartsWith("the tensors of twice f32 n=100 do not fit in the device's free memory: "
                           "allocating "));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
  EXPECT_EQ(measure(of_seed(1)).outcome, Outcome::ok) << "the session goes on";
}

TEST_F(Memory, AWorkspaceThatDoesNotFitFailsItsConfiguration) {
  measure(of_seed(1));
  runtime_.memory_limit = runtime_.bytes_in_use() + 1000;
  MeasureRequest job = of_seed(1);
  job.job.plan.workspaces = {{1 << 20, WorkspaceSpec::Init::none}};
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_THAT(measurement.note, HasSubstr("FAKE_OUT_OF_MEMORY"));
  EXPECT_FALSE(lost_);
}

TEST_F(Memory, NothingIsLeftBehind) {
  {
    MeasuringSession session(runtime_, MeasuringSession::usual_guard_bytes, runtime_.clock());
    const MeasureRequest job = of_seed(1);
    session.prepare(job);
    session.run(job, lost_);
    EXPECT_GT(runtime_.allocations(), 0u);
  }
  EXPECT_EQ(runtime_.allocations(), 0u);
}

// A library with three algorithms: a fast one that is wrong, one that is refused, and a right one.
class FakeBaseline final : public Baseline {
 public:
  FakeBaseline(FakeRuntime& runtime, BaselineCall call)
      : runtime_(runtime), call_(std::move(call)) {}
  std::string version() const override { return "fakeBLAS 1.0"; }
  int algorithms() const override { return 3; }
  void choose(int algorithm) override { chosen_ = algorithm; }
  void launch() override {
    if (chosen_ == 1) throw Error("fakeBLAS: refused");
    const auto* const x = reinterpret_cast<const float*>(call_.at("in").pointer);
    auto* const y = reinterpret_cast<float*>(call_.at("out").pointer);
    for (int i = 0; i < elements; ++i) y[i] = (chosen_ == 0 ? 3.0f : 2.0f) * x[i];
    runtime_.work(chosen_ == 0 ? 500 : 900);
  }

 private:
  FakeRuntime& runtime_;
  BaselineCall call_;
  int chosen_ = 0;
};

TEST_F(Times, OfABaselineAreThoseOfItsFastestRightAlgorithm) {
  runtime_.make_baseline = [&](const BaselineCall& call) {
    return std::make_unique<FakeBaseline>(runtime_, call);
  };
  MeasureRequest job = request("");
  job.variant = {};
  job.job.purpose = Purpose::baseline;
  job.job.baseline.library = "fakeblas";
  job.job.baseline_args = {{"in", arg(ArgSpec::Kind::tensor, 0)},
                           {"out", arg(ArgSpec::Kind::tensor, 1)}};
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_THAT(measurement.samples_ns, Each(900.0));
  EXPECT_EQ(measurement.note, "fakeBLAS 1.0");
}

TEST_F(Times, ALibraryThatIsMissingIsSaid) {
  MeasureRequest job = request("");
  job.job.purpose = Purpose::baseline;
  job.job.baseline.library = "fakeblas";
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(measurement.note, "there is no fakeblas");
}

TEST_F(Times, AJobThatCountsIsNotTimed) {
  MeasureRequest job = request("twice");
  job.job.purpose = Purpose::counters;
  Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.metrics.at("instructions"), 1000);
  EXPECT_EQ(measurement.timer, "");
  EXPECT_TRUE(measurement.samples_ns.empty());
  EXPECT_EQ(runtime_.kernel("twice").launches, 1 + 3) << "one for the caches, one for each pass";
  runtime_.no_counters = "CUPTI refuses counters";
  measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(measurement.note, "CUPTI refuses counters");
}

TEST_F(Times, NoticesOfTheRuntimeArePassedOn) {
  runtime_.notices = {"timed by sundial"};
  MeasuringSession session(runtime_);
  EXPECT_THAT(session.take_notices(), ElementsAre("timed by sundial"));
  EXPECT_TRUE(session.take_notices().empty());
}

}  // namespace
}  // namespace tw::gpu
