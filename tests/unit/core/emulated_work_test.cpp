// The estimated time of the cpu device's emulation.
#include "core/model/emulated_work.h"

#include <gtest/gtest.h>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

EmulatedWork work_of(const std::string& kernel_text, const Configuration& configuration) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] = kernel_text;
  const Catalog catalog = Catalog::load(spaces, test::toy_sources(), "spaces/");
  const OpEntry& entry = catalog.at("axpy");
  const Problem problem = parse_problem(entry.op, {.shape = "rows=100,columns=64"});
  return emulated_work(entry.op, entry.kernels.front(), problem, emulated_device(90),
                       configuration);
}

TEST(EmulatedWork, CountsThreadsOfTheLaunchesThatRun) {
  const EmulatedWork forward = work_of(test::toy_kernel, {128, 0, 0});
  EXPECT_EQ(forward.flops, 2 * 6400);
  EXPECT_EQ(forward.elements, 2 * 6400);
  EXPECT_EQ(forward.threads, 50 * 128);
  EXPECT_EQ(work_of(test::toy_kernel, {2048, 0, 1}).threads, 4 * 2048 + 32);
}

TEST(EmulatedWork, CountsWhatTilesComputeBeyondTheTensors) {
  const std::string model = "[model]\nfma = \"blocks * 1000000\"\n";
  EXPECT_EQ(work_of(test::toy_kernel + model, {128, 0, 0}).flops, 2 * 50 * 1e6);
}

TEST(EmulatedWork, TakesLongerForMoreOfAnything) {
  EXPECT_EQ(emulated_seconds({}), 0);
  EXPECT_GT(emulated_seconds({.flops = 1e9}), 1);
  EXPECT_GT(emulated_seconds({.threads = 1e7}), 1);
  EXPECT_GT(emulated_seconds({.elements = 1e9}), 1);
}

TEST(EmulatedWork, ATimeoutIsFarBeyondTheEstimate) {
  EXPECT_EQ(emulated_timeout_ms(0.01, 10000), 10000);
  EXPECT_GE(emulated_timeout_ms(10, 10000), 20 * 10e3);
}

}  // namespace
}  // namespace tw
