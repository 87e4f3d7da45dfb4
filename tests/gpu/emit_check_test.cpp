// `tune emit --check cuda:0`: a winner that is right where it was tuned, but wrong elsewhere in its
// branch's range, is found on the GPU and left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "commands/commands.h"
#include "core/catalog/catalog.h"
#include "db/store.h"
#include "gpu_bench.h"
#include "unit/db/fixture.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Writes a database in which this kernel of tests/data/check won.
void write_winner(const std::string& path, const std::string& kernel, const DeviceInfo& device) {
  const Catalog catalog = Catalog::load_file(test_data("check/op.toml"), builtin_sources());
  RunInfo run;
  run.context.situation.op = "twice";
  run.context.situation.problem = "twice f32 n=1048576";
  run.context.code.kernel = kernel;
  for (const KernelSpec& spec : catalog.at("twice").kernels) {
    if (spec.name == kernel) run.context.code.source_digest = spec.source_digest;
  }
  run.context.situation.device_model = device.model;
  run.context.situation.device_limits = device_limits_of(device);
  run.device_json = "{}";
  Measurement measurement;
  measurement.samples_ns.assign(5, 4000);
  Store store = Store::open(path, Store::Mode::read_write);
  store.append(store.begin_run(run), TrialKind::search, run.context, "threads=128", measurement);
}

// The exit code and the output of `tune emit`.
struct Emitted {
  int code = 0;
  std::string header, err;
};

Emitted emitted(const std::string& kernel, const DeviceInfo& device) {
  const TemporaryFolder folder;
  write_winner(folder / "a.db", kernel, device);
  testing::internal::CaptureStderr();
  Emitted result;
  try {
    result.code =
        run_command_line({"emit", "--spec", test_data("check/op.toml"), "--db", folder / "a.db",
                          "--out", folder / "tuned", "--check", "cuda:0"});
    result.err = testing::internal::GetCapturedStderr();
  } catch (const Error& error) {
    result.code = exit_fault;
    result.err = testing::internal::GetCapturedStderr() + error.what();
  }
  std::ostringstream text;
  text << std::ifstream(folder / "tuned/twice.cuh").rdbuf();
  result.header = text.str();
  return result;
}

TEST(EmitCheck, FindsAWinnerThatDropsItsLastTile) {
  TW_NEEDS_GPU(device);
  const Emitted result = emitted("tail", device->info());
  EXPECT_EQ(result.code, exit_nothing);
  EXPECT_THAT(result.err, HasSubstr("left out the winner of twice f32 n=1048576: tail"));
  EXPECT_THAT(result.err, HasSubstr("was not written"));
  EXPECT_THAT(result.header, Not(HasSubstr("twice f32 n=1048576")));
  EXPECT_THAT(result.header, HasSubstr("checked on " + device->info().model));
}

TEST(EmitCheck, LetsAGoodWinnerPass) {
  TW_NEEDS_GPU(device);
  const Emitted result = emitted("whole", device->info());
  EXPECT_EQ(result.code, exit_found) << result.err;
  EXPECT_THAT(result.header, HasSubstr("checked on " + device->info().model + ", 8 shapes"));
}

// Winners of another GPU model are not run here.
TEST(EmitCheck, RefusesWinnersOfAnotherGpu) {
  TW_NEEDS_GPU(device);
  DeviceInfo other = device->info();
  other.model = "NVIDIA Other";
  const Emitted result = emitted("whole", other);
  EXPECT_EQ(result.code, exit_fault);
  EXPECT_THAT(result.err, HasSubstr("the winners are of NVIDIA Other"));
  EXPECT_EQ(result.header, "");
}

}  // namespace
}  // namespace tw::test
