// The parent's side of a GPU's device, and its workers over a fake GPU and a fake compiler: how an
// error, a fault, a crash, a hang or the loss of the device affects the queue of jobs.
#include "devices/gpu/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "devices/gpu/compile/compiler.h"
#include "devices/gpu/measure_worker.h"
#include "devices/process.h"
#include "unit/gpu/fake_runtime.h"
#include "unit/support/own_problem.h"

namespace tw::gpu {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using testing::HasSubstr;

constexpr const char* gone_variable =
    "TW_TEST_GONE";  // names a file: if it exists, the GPU is gone

Platform fake_platform() {
  return {.compile_role = "fake-compile",
          .measure_role = "fake-measure",
          .driver = "the fake driver",
          .compiler = "FakeC"};
}

// Accepts any program. Obeys the words fake_error and fake_crash in its text.
class FakeCompiler final : public Compiler {
 public:
  CompilerGreeting greet() override { return {.error = "", .version = "1.0", .identity = "fake"}; }
  Compiled compile(const CompileRequest& request) override {
    const std::string& text = request.program.text;
    if (text.find("fake_crash") != text.npos) std::abort();
    Compiled compiled;
    compiled.ok = text.find("fake_error") == text.npos;
    if (!compiled.ok) compiled.log = "an error as the test wants";
    compiled.cubin = "an image";
    compiled.names = request.program.entries;
    compiled.ms = 1;
    return compiled;
  }
};

// Returns a GPU whose kernels do what their names say.
std::unique_ptr<Runtime> open_fake(int, Use use) {
  if (fs::exists(std::getenv(gone_variable))) throw Error("it was unplugged");
  auto runtime = std::make_unique<FakeRuntime>();
  const auto add = [&](const std::string& name, std::function<void(void**)> body) -> FakeKernel& {
    FakeKernel kernel;
    kernel.body = std::move(body);
    kernel.parameter_bytes = {8, 8};
    return runtime->add(name, std::move(kernel));
  };
  add("works", [](void**) {});
  add("crashes", [](void**) { std::abort(); });
  add("hangs", [](void**) {
    while (true) ::pause();
  });
  add("refuses", [](void**) {}).is_refused = true;
  add("faults", [](void**) {}).faults = [](int) { return true; };
  if (use == Use::time) runtime->no_counters = "this worker times";
  runtime->notices = {"a fake GPU"};
  return runtime;
}

class GpuDevice : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "tilewright-gpu-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::setenv("TILEWRIGHT_LOCKS", folder_.c_str(), 1);
    ::setenv(gone_variable, (folder_ / "gone").c_str(), 1);
    DeviceOptions options;
    options.compile_workers = 1;
    options.cache = false;
    device_ = open_device(fake_platform(), options);
  }
  void TearDown() override {
    device_.reset();
    ::unsetenv("TILEWRIGHT_LOCKS");
    ::unsetenv(gone_variable);
    fs::remove_all(folder_);
  }

  static Job job(std::uint64_t id, const std::string& kernel) {
    Job job;
    job.id = id;
    job.problem = "fake f32 n=16";
    job.limits.max_samples = 5;
    job.limits.cold_l2 = false;
    Plan& plan = job.plan;
    plan.program.text = kernel;
    plan.program.entries = {kernel};
    std::vector<PlanTensor>& tensors = test::own_problem(plan).tensors;
    tensors.resize(2);
    tensors[0].name = "x";
    tensors[1].name = "y";
    tensors[1].role = Role::out;
    for (PlanTensor& tensor : tensors) tensor.layout = {{16}, {1}, 16};
    PlanLaunch& launch = plan.launches.emplace_back();
    launch.args.resize(2);
    launch.args[1].index = 1;
    return job;
  }
  std::map<std::uint64_t, Measurement> finish(std::size_t count) {
    std::map<std::uint64_t, Measurement> results;
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (results.size() < count && Clock::now() < deadline) {
      for (Finished& finished : device_->wait(deadline)) {
        results[finished.id] = std::move(finished.measurement);
      }
    }
    return results;
  }

  fs::path folder_;
  std::unique_ptr<Device> device_;
};

TEST_F(GpuDevice, SaysWhatItIs) {
  EXPECT_EQ(device_->info().model, "fake GPU");
  EXPECT_EQ(device_->info().toolchain, "FakeC 1.0");
  EXPECT_THAT(device_->notices(), testing::ElementsAre("a fake GPU"));
}

// A job that the worker had but did not begin goes back to the queue, and a new worker gets it.
TEST_F(GpuDevice, EachFaultCostsOneJob) {
  const std::vector<std::string> kernels{"works",   "faults", "works", "crashes", "crashes",
                                         "refuses", "works",  "hangs", "works"};
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    Job one = job(i, kernels[i]);
    if (kernels[i] == "hangs") one.limits.timeout_ms = 300;
    device_->submit(std::move(one));
  }
  const auto results = finish(kernels.size());
  ASSERT_EQ(results.size(), kernels.size());
  const std::map<std::string, Outcome> expected{{"works", Outcome::ok},
                                                {"faults", Outcome::faulted},
                                                {"crashes", Outcome::faulted},
                                                {"refuses", Outcome::launch_failed},
                                                {"hangs", Outcome::timed_out}};
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    EXPECT_EQ(results.at(i).outcome, expected.at(kernels[i])) << i << ": " << results.at(i).note;
  }
  EXPECT_EQ(results.at(1).note, "while it ran: FAKE_FAULT");
  EXPECT_THAT(results.at(3).note, HasSubstr("the measuring process was lost"));
  EXPECT_EQ(results.at(7).note, "verification and timing took longer than 0.3 s");
  EXPECT_EQ(results.at(8).samples_ns.size(), 5u);
  EXPECT_THAT(device_->notices(), testing::ElementsAre("a fake GPU")) << "restarts repeat nothing";
}

TEST_F(GpuDevice, EachFaultOfTheCompilerCostsOneJob) {
  const std::vector<std::string> texts{"", "fake_error", "fake_crash", ""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Job one = job(i, "works");
    one.plan.program.text += texts[i];
    device_->submit(std::move(one));
  }
  const auto results = finish(texts.size());
  ASSERT_EQ(results.size(), texts.size());
  EXPECT_EQ(results.at(0).outcome, Outcome::ok);
  EXPECT_EQ(results.at(1).outcome, Outcome::compile_failed);
  EXPECT_THAT(results.at(1).note, HasSubstr("an error as the test wants"));
  EXPECT_EQ(results.at(2).outcome, Outcome::compile_failed);
  EXPECT_THAT(results.at(2).note, HasSubstr("the compiler was lost"));
  EXPECT_EQ(results.at(3).outcome, Outcome::ok);
}

// A process either times or counts.
TEST_F(GpuDevice, JobsThatCountGetAWorkerOfTheirOwn) {
  for (std::uint64_t id = 0; id < 3; ++id) {
    Job one = job(id, "works");
    if (id == 1) one.purpose = Purpose::counters;
    device_->submit(std::move(one));
  }
  const auto results = finish(3);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results.at(0).samples_ns.size(), 5u);
  EXPECT_EQ(results.at(1).outcome, Outcome::ok) << results.at(1).note;
  EXPECT_EQ(results.at(1).metrics.at("instructions"), 1000);
  EXPECT_EQ(results.at(2).samples_ns.size(), 5u);
}

TEST_F(GpuDevice, ADeviceThatIsGoneAtARestartIsOneClearError) {
  device_->submit(job(1, "faults"));
  EXPECT_EQ(finish(1).at(1).outcome, Outcome::faulted);
  std::ofstream(folder_ / "gone") << "now";
  try {
    device_->submit(job(2, "works"));
    finish(1);
    FAIL() << "a device was used that is gone";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the device is gone: it was unplugged; what was measured is stored: run the same "
                 "command again when it is back");
  }
}

// The reference runs before the job begins, so no configuration is to blame.
TEST_F(GpuDevice, AReferenceThatCrashesIsAFaultOfTheSpec) {
  Job one = job(1, "works");
  OraclePlan& oracle = test::own_problem(one.plan).oracle;
  oracle.kind = OraclePlan::Kind::reference;
  oracle.program = job(1, "crashes").plan.program;
  oracle.launches = one.plan.launches;
  device_->submit(std::move(one));
  try {
    finish(1);
    FAIL() << "it was measured without its reference";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the buffers and the reference of fake f32 n=16 could not be prepared on "
                          "the device: the measuring process was lost"));
  }
  device_->submit(job(2, "works"));
  EXPECT_EQ(finish(1).at(2).outcome, Outcome::ok) << "the device goes on";
}

}  // namespace
}  // namespace tw::gpu

int main(int argc, char** argv) {
  using namespace tw::gpu;
  if (argc == 3 && argv[1] == std::string_view("__worker")) {
    tw::WorkerChannel channel;
    if (argv[2] == fake_platform().compile_role) {
      FakeCompiler compiler;
      return compile_worker(channel, compiler);
    }
    return measure_worker(channel,
                          {.open = open_fake, .answer = [](const auto&) { return std::nullopt; }});
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
