// The cuda device's processes with a fake compiler and a fake driver: how an error, a fault, a
// crash, a hang or a cancel affects the queue. Needs neither the toolkit's NVRTC nor a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/cuda/cuda.h"
#include "devices/turns.h"
#include "unit/support/own_problem.h"
#include "unit/support/paths.h"
#include "unit/support/variable.h"

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

class Queue : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("LD_LIBRARY_PATH", TW_FAKES, 1);
    ::setenv("TILEWRIGHT_TIMER", "events", 1);
    std::string pattern = testing::TempDir() + "tilewright-queue-XXXXXX";
    locks_ = ::mkdtemp(pattern.data());
    ::setenv("TILEWRIGHT_LOCKS", locks_.c_str(), 1);
    open(20000);
  }
  void TearDown() override {
    device_.reset();
    ::unsetenv("LD_LIBRARY_PATH");
    ::unsetenv("TILEWRIGHT_TIMER");
    ::unsetenv("TILEWRIGHT_LOCKS");
    std::filesystem::remove_all(locks_);
  }

  void open(double compile_timeout_ms) {
    CudaOptions options;
    options.compile_workers = 2;
    options.compile_timeout_ms = compile_timeout_ms;
    options.cache = false;
    device_ = open_cuda(options);
  }
  // `text` is added to the program, where the fake compiler reads it.
  void submit(std::uint64_t id, const std::string& act, double timeout_ms = 20000,
              const std::string& text = "", Purpose purpose = Purpose::measure,
              double energy_ms = 0) {
    const KernelSpec& kernel = catalog_.ops().front().kernels.front();
    const Configuration configuration = configuration_from(kernel.knobs, "act=" + act);
    Job job;
    job.id = id;
    job.purpose = purpose;
    job.problem = "fake f32 n=16";
    job.kernel = kernel.name;
    job.plan = lower(catalog_, kernel, problem_, device_->info(), configuration).plan;
    job.plan.program.text += text;
    job.limits.timeout_ms = timeout_ms;
    job.limits.max_samples = 5;
    job.limits.energy_ms = energy_ms;
    device_->submit(std::move(job));
  }
  std::map<std::uint64_t, Measurement> finish(std::size_t count) {
    std::map<std::uint64_t, Measurement> results;
    const auto deadline = Clock::now() + std::chrono::seconds(90);
    while (results.size() < count && Clock::now() < deadline) {
      for (Finished& finished : device_->wait(deadline)) {
        order_.push_back(finished.id);
        results[finished.id] = std::move(finished.measurement);
      }
    }
    return results;
  }

  const Catalog catalog_ = Catalog::load_file(test_data("fake_driver/op.toml"), builtin_sources());
  const Problem problem_ = parse_problem(catalog_.ops().front().op, {.shape = "n=16"});
  std::unique_ptr<Device> device_;
  std::vector<std::uint64_t> order_;
  std::string locks_;
};

TEST_F(Queue, MeasuresInTheOrderOfSubmission) {
  for (std::uint64_t id = 1; id <= 6; ++id) submit(id, "works");
  const auto results = finish(6);
  ASSERT_EQ(results.size(), 6u);
  for (const auto& [id, measurement] : results) {
    EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
    EXPECT_EQ(measurement.samples_ns.size(), 5u);
    EXPECT_NEAR(measurement.median_ns(), 10000, 1);
    EXPECT_EQ(measurement.timer, "events");
    EXPECT_GT(measurement.compile_ms, 0);
  }
  EXPECT_EQ(order_, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(device_->notices(), testing::ElementsAre(HasSubstr("timed by events")));
  EXPECT_TRUE(device_->notices().empty());
}

TEST_F(Queue, EachFaultCostsOneJob) {
  const std::vector<std::string> acts{"works",   "faults", "works", "crashes", "crashes",
                                      "refuses", "works",  "hangs", "works"};
  for (std::size_t i = 0; i < acts.size(); ++i) {
    submit(i, acts[i], acts[i] == "hangs" ? 500 : 20000);
  }
  const auto results = finish(acts.size());
  ASSERT_EQ(results.size(), acts.size());
  const std::map<std::string, Outcome> expected{{"works", Outcome::ok},
                                                {"faults", Outcome::faulted},
                                                {"crashes", Outcome::faulted},
                                                {"refuses", Outcome::launch_failed},
                                                {"hangs", Outcome::timed_out}};
  for (std::size_t i = 0; i < acts.size(); ++i) {
    EXPECT_EQ(results.at(i).outcome, expected.at(acts[i])) << i << ": " << results.at(i).note;
  }
  EXPECT_THAT(results.at(1).note, HasSubstr("while it ran"));
  EXPECT_THAT(results.at(3).note, HasSubstr("killed by signal 6"));
  EXPECT_THAT(results.at(5).note, HasSubstr("launching pass 1"));
  EXPECT_THAT(results.at(7).note, HasSubstr("longer than 0.5 s"));
}

// Wrong parameters are found before the launch, which would crash or give wrong results.
TEST_F(Queue, AKernelThatTakesOtherParametersIsNotLaunched) {
  const std::map<std::string, std::string> notes{
      {"takes_one", "the kernel takes 1 parameter, it is passed 2"},
      {"takes_three", "the kernel takes 3 parameters, it is passed 2"},
      {"takes_narrow", "parameter 2 of the kernel has 4 bytes, it is passed 8"}};
  std::uint64_t id = 0;
  for (const auto& [act, note] : notes) submit(id++, act);
  submit(id, "works");
  const auto results = finish(notes.size() + 1);
  ASSERT_EQ(results.size(), notes.size() + 1);
  id = 0;
  for (const auto& [act, note] : notes) {
    EXPECT_EQ(results.at(id).outcome, Outcome::launch_failed) << act;
    EXPECT_EQ(results.at(id++).note, note);
  }
  EXPECT_EQ(results.at(id).outcome, Outcome::ok) << results.at(id).note;
}

TEST_F(Queue, EachFaultOfTheCompilerCostsOneJob) {
  open(500);
  const std::vector<std::string> texts{
      "", "fake_error", "fake_crash", "", "fake_crash", "fake_endless", ""};
  for (std::size_t i = 0; i < texts.size(); ++i) submit(i, "works", 20000, texts[i]);
  const auto results = finish(texts.size());
  ASSERT_EQ(results.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(results.at(i).outcome, texts[i].empty() ? Outcome::ok : Outcome::compile_failed)
        << i << ": " << results.at(i).note;
  }
  EXPECT_THAT(results.at(1).note, HasSubstr("an error as the test wants"));
  EXPECT_THAT(results.at(2).note, HasSubstr("killed by signal 6"));
  EXPECT_THAT(results.at(5).note, HasSubstr("longer than 0.5 s"));
}

// A toolkit's folder of headers is searched, the machine's others are not.
TEST_F(Queue, OnlyHeadersOfTheToolkitAreSearched) {
  const std::filesystem::path toolkit = locks_ + "/toolkit";
  for (const char* file : {"include/cuda_fp16.h", "include/cccl/cuda/std/array",
                           "include/cooperative_groups/details/info.h"}) {
    std::filesystem::create_directories((toolkit / file).parent_path());
    std::ofstream(toolkit / file) << "\n";
  }
  std::ofstream(toolkit / "include/cuda_runtime_api.h") << "#define CUDART_VERSION  12080\n";
  const Variable path("CUDA_PATH", toolkit);
  device_.reset();
  open(20000);
  EXPECT_EQ(device_->info().toolchain, "NVRTC 13.0 with the headers of CUDA 12.8");
  submit(1, "works", 20000, "fake_options");
  const std::string note = finish(1).at(1).note, include = "-I" + toolkit.string() + "/include";
  EXPECT_THAT(note, HasSubstr(" --no-source-include "));
  EXPECT_THAT(note, HasSubstr(" " + include + " " + include + "/cccl " + include +
                              "/cooperative_groups " + include + "/cooperative_groups/details"));
  submit(2, "works");
  submit(3, "works", 20000, "fake_missing_header");
  try {
    finish(2);
    FAIL() << "it was measured without a header";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "more.cuh includes <cuda_fp16.h>, which is not in " + toolkit.string() +
                                "/include: install that part of the CUDA toolkit");
  }
}

TEST_F(Queue, ManyJobsAllComeBack) {
  constexpr std::size_t count = 200;
  for (std::size_t i = 0; i < count; ++i) submit(i, "works");
  const auto results = finish(count);
  ASSERT_EQ(results.size(), count);
  for (const auto& [id, measurement] : results) {
    EXPECT_EQ(measurement.outcome, Outcome::ok) << id << ": " << measurement.note;
  }
}

TEST_F(Queue, WorkThatTheTimerMissesIsSaid) {
  submit(1, "works");
  submit(2, "naps");
  const auto results = finish(2);
  EXPECT_FALSE(results.at(1).metrics.contains("unaccounted_ns")) << results.at(1).note;
  const Measurement& naps = results.at(2);
  EXPECT_EQ(naps.outcome, Outcome::ok);
  EXPECT_NEAR(naps.median_ns(), 10000, 1);
  EXPECT_GE(naps.metrics.at("wall_ns"), 2e6);
  EXPECT_GE(naps.metrics.at("unaccounted_ns"), 1.9e6);
  EXPECT_THAT(naps.note, HasSubstr("its time misses some work"));
}

// A fake driver has no counters: a request gets an answer that says so, and times are measured as
// before.
TEST_F(Queue, CountersThatAreRefusedCostNothingElse) {
  submit(1, "works");
  submit(2, "works", 20000, "", Purpose::counters);
  submit(3, "works");
  const auto results = finish(3);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_NE(results.at(2).outcome, Outcome::ok);
  EXPECT_NE(results.at(2).note, "");
  EXPECT_TRUE(results.at(2).samples_ns.empty());
  EXPECT_EQ(results.at(1).outcome, Outcome::ok) << results.at(1).note;
  EXPECT_EQ(results.at(3).outcome, Outcome::ok) << results.at(3).note;
  EXPECT_EQ(results.at(3).samples_ns.size(), 5u);
}

TEST_F(Queue, CancelDropsEverythingAndTheDeviceGoesOn) {
  submit(1, "hangs", 60000);
  submit(2, "works");
  device_->wait(Clock::now() + std::chrono::seconds(1));
  const auto start = Clock::now();
  device_->cancel();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
  submit(3, "works");
  const auto results = finish(1);
  EXPECT_EQ(order_, std::vector<std::uint64_t>{3});
  EXPECT_EQ(results.at(3).outcome, Outcome::ok);
}

TEST_F(Queue, WaitReturnsAtItsDeadline) {
  submit(1, "hangs", 60000);
  const auto start = Clock::now();
  EXPECT_TRUE(device_->wait(start + std::chrono::milliseconds(300)).empty());
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(300));
}

TEST_F(Queue, ReferenceThatDoesNotCompileIsAFaultOfTheSpec) {
  const KernelSpec& kernel = catalog_.ops().front().kernels.front();
  Job job;
  job.id = 1;
  job.problem = "fake f32 n=16";
  job.plan = lower(catalog_, kernel, problem_, device_->info(),
                   configuration_from(kernel.knobs, "act=works"))
                 .plan;
  OraclePlan& oracle = test::own_problem(job.plan).oracle;
  oracle.kind = OraclePlan::Kind::reference;
  oracle.program.text = "fake_error";
  device_->submit(job);
  try {
    finish(1);
    FAIL() << "it was measured without its reference";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the reference of fake f32 n=16 does not compile"));
  }
  submit(2, "works");
  EXPECT_EQ(finish(1).at(2).outcome, Outcome::ok);
}

TEST_F(Queue, WaitsItsTurnWhileAnotherProcessMeasures) {
  Turns other(device_->info().uuid);
  ASSERT_TRUE(other.try_take());
  EXPECT_EQ(device_->notices().size(), 1u);  // the notice about the timer
  submit(1, "works", 200);
  submit(2, "works", 200);
  std::vector<std::string> notices;
  const auto deadline = Clock::now() + std::chrono::seconds(90);
  while (notices.empty() && Clock::now() < deadline) {
    EXPECT_TRUE(device_->wait(Clock::now() + std::chrono::milliseconds(20)).empty());
    notices = device_->notices();
  }
  EXPECT_THAT(notices, testing::ElementsAre(HasSubstr("another process measures on this GPU")));
  // Longer than a job may take: waiting does not count as job time.
  EXPECT_TRUE(device_->wait(Clock::now() + std::chrono::milliseconds(500)).empty());
  other.end();
  const auto results = finish(2);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results.at(1).outcome, Outcome::ok) << results.at(1).note;
  EXPECT_EQ(results.at(2).outcome, Outcome::ok) << results.at(2).note;
  EXPECT_TRUE(other.try_take()) << "it keeps the GPU for a measurement, not for a search";
}

TEST_F(Queue, AHangingKernelThatIsEndedFreesTheGpu) {
  submit(1, "hangs", 300);
  EXPECT_EQ(finish(1).at(1).outcome, Outcome::timed_out);
  Turns other(device_->info().uuid);
  other.take();
  EXPECT_EQ(other.why_not(), "");
}

TEST_F(Queue, SaysWhyThereAreNoTurns) {
  device_.reset();
  ::setenv("TILEWRIGHT_LOCKS", (locks_ + "/none").c_str(), 1);
  open(20000);
  EXPECT_EQ(device_->notices().size(), 1u);
  submit(1, "works");
  EXPECT_EQ(finish(1).at(1).outcome, Outcome::ok);
  EXPECT_THAT(device_->notices(), testing::ElementsAre(HasSubstr("may disturb each other")));
}

// The fake NVML counts 5 mJ a launch.
TEST_F(Queue, MeasuresTheEnergyOfALaunch) {
  EXPECT_TRUE(device_->has_energy());
  submit(1, "works", 20000, "", Purpose::measure, 200);
  submit(2, "works");
  const auto results = finish(2);
  ASSERT_EQ(results.size(), 2u);
  ASSERT_EQ(results.at(1).outcome, Outcome::ok) << results.at(1).note;
  EXPECT_NEAR(results.at(1).energy_mj, 5, 1);
  EXPECT_GT(results.at(1).mean_power_w, 0);
  EXPECT_EQ(results.at(2).energy_mj, 0) << "it was not asked for";
}

TEST_F(Queue, SaysThatThereIsNoEnergyCounter) {
  ::setenv("TW_FAKE_NO_ENERGY", "1", 1);
  open(20000);
  ::unsetenv("TW_FAKE_NO_ENERGY");
  EXPECT_FALSE(device_->has_energy());
}

}  // namespace
}  // namespace tw
