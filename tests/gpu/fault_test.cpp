// A faulty kernel affects only its own job: each fault has its outcome, and a good configuration is
// measured right after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "devices/cuda/cuda.h"
#include "gpu_bench.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

using testing::HasSubstr;

Job faulty(const Device& device, const std::string& behaviour) {
  static const Catalog catalog = Catalog::load_file(test_data("faults/op.toml"), builtin_sources());
  Job job = job_for(catalog, "faults", "double", {.shape = "rows=61,cols=67,ld=80"},
                    "behaviour=" + behaviour, device);
  job.limits.max_samples = 10;
  job.limits.timeout_ms = 3000;
  return job;
}

struct Fault {
  std::string behaviour;
  Outcome outcome;
  std::string note;  // a part of the note
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.behaviour; }

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, CostThatVariantAlone) {
  TW_NEEDS_GPU(device);
  const Measurement measurement = run(*device, faulty(*device, GetParam().behaviour));
  EXPECT_EQ(name_of(measurement.outcome), name_of(GetParam().outcome)) << measurement.note;
  EXPECT_THAT(measurement.note, HasSubstr(GetParam().note));
  EXPECT_EQ(measurement.note.find('\n'), std::string::npos);
  EXPECT_TRUE(measurement.samples_ns.empty());
  RecordProperty("note", measurement.note);

  const Measurement control = run(*device, faulty(*device, "good"));
  EXPECT_EQ(control.outcome, Outcome::ok) << control.note;
  EXPECT_LE(control.error_ulps, 1);
  EXPECT_GE(control.error_ulps, 0);
  EXPECT_GE(control.samples_ns.size(), 5u);
}

INSTANTIATE_TEST_SUITE_P(
    All, Faults,
    testing::Values(Fault{"after_end", Outcome::wrong_result, "4 bytes after its end"},
                    Fault{"before_begin", Outcome::wrong_result, "4 bytes before it"},
                    Fault{"far", Outcome::faulted, "ILLEGAL_ADDRESS"},
                    Fault{"misaligned", Outcome::faulted, "MISALIGNED_ADDRESS"},
                    Fault{"forever", Outcome::timed_out, "longer than 3 s"},
                    Fault{"nan", Outcome::wrong_result, "y[60,66] = nan"},
                    Fault{"unwritten", Outcome::wrong_result, "y[30,66] was not written"},
                    Fault{"one_wrong", Outcome::wrong_result, "y[30,3]"},
                    Fault{"between_rows", Outcome::wrong_result, "between the rows of y"},
                    Fault{"to_input", Outcome::wrong_result, "writes to its input x"},
                    Fault{"second_run", Outcome::wrong_result, "y[60,66]"},
                    Fault{"dirty_workspace", Outcome::wrong_result, "outside of workspace 0"},
                    Fault{"race", Outcome::wrong_result, "y[60,66]"},
                    Fault{"traps", Outcome::faulted, "CUDA_ERROR"},
                    Fault{"much_shared", Outcome::launch_failed, "shared memory"},
                    Fault{"no_compile", Outcome::compile_failed, "this variant does not compile"},
                    Fault{"endless_compile", Outcome::compile_failed, "longer than 40 s"}),
    [](const auto& parameter) { return parameter.param.behaviour; });

// Returns the newest child of this process that has this role among its arguments; 0 if there is
// none.
pid_t child_with(std::string_view role) {
  pid_t newest = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::string words, stat;
    std::getline(std::ifstream(entry.path() / "cmdline"), words);
    std::getline(std::ifstream(entry.path() / "stat"), stat);
    // The format is: pid (name) state parent ...
    const std::size_t after_name = stat.rfind(')');
    if (after_name == stat.npos || words.find(role) == words.npos) continue;
    if (std::stoi(stat.substr(after_name + 4)) == getpid()) {
      newest = std::max(newest, static_cast<pid_t>(std::stoi(name)));
    }
  }
  return newest;
}

// Waits until a worker of this role has probably begun `job`, and kills it.
Measurement killed_while(Device& device, Job job, std::string_view role) {
  job.id = 3000;
  device.submit(std::move(job));
  device.wait(std::chrono::steady_clock::now() + std::chrono::seconds(2));
  const pid_t worker = child_with(role);
  EXPECT_NE(worker, 0);
  if (worker > 0) kill(worker, SIGKILL);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (std::chrono::steady_clock::now() < deadline) {
    for (Finished& finished : device.wait(deadline)) {
      if (finished.id == 3000) return std::move(finished.measurement);
    }
  }
  ADD_FAILURE() << "no answer";
  return {};
}

TEST(KilledWorker, CostsTheVariantThatItMeasured) {
  TW_NEEDS_GPU(device);
  Job job = faulty(*device, "forever");
  job.limits.timeout_ms = 60000;
  const Measurement measurement = killed_while(*device, std::move(job), cuda_measure_role);
  EXPECT_EQ(measurement.outcome, Outcome::faulted);
  EXPECT_THAT(measurement.note, HasSubstr("killed by signal 9"));
  EXPECT_EQ(run(*device, faulty(*device, "good")).outcome, Outcome::ok);
}

TEST(KilledWorker, CostsTheVariantThatItCompiled) {
  std::string why;
  CudaOptions options;
  options.cache = false;
  options.compile_workers = 1;
  if (!gpu(why)) GTEST_SKIP() << why;
  const std::unique_ptr<Device> device = open_cuda(options);
  run(*device, faulty(*device, "good"));
  const Measurement measurement =
      killed_while(*device, faulty(*device, "endless_compile"), cuda_compile_role);
  EXPECT_EQ(measurement.outcome, Outcome::compile_failed);
  EXPECT_THAT(measurement.note, HasSubstr("killed by signal 9"));
  EXPECT_EQ(run(*device, faulty(*device, "good")).outcome, Outcome::ok);
}

// A restarted worker finds no device, as if the GPU had fallen off the bus.
TEST(LostDevice, IsSaidAndCostsNothingThatWasMeasured) {
  TW_NEEDS_GPU(device);
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const std::string before = visible ? visible : "";
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  EXPECT_EQ(run(*device, faulty(*device, "far")).outcome, Outcome::faulted);
  std::string message;
  try {
    run(*device, faulty(*device, "good"));
  } catch (const Error& error) {
    message = error.what();
  }
  if (visible) {
    setenv("CUDA_VISIBLE_DEVICES", before.c_str(), 1);
  } else {
    unsetenv("CUDA_VISIBLE_DEVICES");
  }
  EXPECT_THAT(message, HasSubstr("the device is gone"));
  EXPECT_EQ(message.find('\n'), std::string::npos);
  RecordProperty("message", message);
  device->cancel();
  EXPECT_EQ(run(*device, faulty(*device, "good")).outcome, Outcome::ok);
}

TEST(FaultQueue, GoesOnInOrderAroundTheFaults) {
  TW_NEEDS_GPU(device);
  const std::vector<std::string> behaviours{"good", "far", "good", "traps", "good"};
  for (std::size_t i = 0; i < behaviours.size(); ++i) {
    Job job = faulty(*device, behaviours[i]);
    job.id = 1000 + i;
    device->submit(std::move(job));
  }
  std::map<std::uint64_t, Outcome> outcomes;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (outcomes.size() < behaviours.size() && std::chrono::steady_clock::now() < deadline) {
    for (const Finished& finished : device->wait(deadline)) {
      outcomes[finished.id] = finished.measurement.outcome;
    }
  }
  for (std::size_t i = 0; i < behaviours.size(); ++i) {
    EXPECT_EQ(outcomes.at(1000 + i), behaviours[i] == "good" ? Outcome::ok : Outcome::faulted);
  }
}

TEST(EarlyStop, OneSampleTellsThatAVerySlowKernelIsHopeless) {
  TW_NEEDS_GPU(device);
  Job job = faulty(*device, "slow");
  job.incumbent_ns = 5000;
  const Measurement measurement = run(*device, std::move(job));
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_EQ(measurement.metrics.at("stopped_early"), 1);
  EXPECT_EQ(measurement.samples_ns.size(), 1u);
  EXPECT_GT(measurement.median_ns(), 1e6);
}

TEST(Output, OfAKernelDoesNotDisturbTheProtocol) {
  TW_NEEDS_GPU(device);
  const Measurement measurement = run(*device, faulty(*device, "prints"));
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
}

TEST(Cancel, DropsWhatRunsAndTheDeviceGoesOn) {
  TW_NEEDS_GPU(device);
  Job job = faulty(*device, "forever");
  job.limits.timeout_ms = 60000;
  job.id = 2000;
  device->submit(std::move(job));
  device->wait(std::chrono::steady_clock::now() + std::chrono::seconds(2));
  const auto start = std::chrono::steady_clock::now();
  device->cancel();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(run(*device, faulty(*device, "good")).outcome, Outcome::ok);
}

}  // namespace
}  // namespace tw::test
