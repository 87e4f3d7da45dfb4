// Which calls the check before emit may sample: those that the tuner's own lowering accepts. Here a
// refusal is a value, and there it is a reason or an Error.
#include "emit/tuning/launches.h"

#include <gtest/gtest.h>

#include <random>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "emit/emitted/limits.h"
#include "emit/tuning/samples.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

// An op whose reference cannot be launched for more than 65535 elements, and which has no tolerance
// for 5 elements.
Catalog narrow() {
  const std::string op = R"toml([op]
name = "narrow"
dtypes = ["f32"]
flops = "n"
bytes = "n"
edge_shapes = ["n=1", "n=5", "n=70000"]
[[dim]]
name = "n"
[[tensor]]
name = "y"
role = "out"
shape = ["n"]
[reference]
source = "k.cuh"
entry = "mine::kernel"
grid = ["1", "n"]
block = ["1"]
args = ["y_expected"]
[tolerance]
f32 = "60 / (n - 5)"
)toml";
  const std::string kernel = R"toml([kernel]
source = "k.cuh"
[[knob]]
name = "threads"
values = [64, 128, 2048]
[[workspace]]
name = "parts"
bytes = "1000 * (n - 10)"
[[launch]]
entry = "mine::kernel"
when = "n > 1"
grid = ["n"]
block = ["threads"]
smem = "n"
args = ["n", "y", "parts"]
)toml";
  Texts sources = builtin_sources();
  sources["k.cuh"] =
      "#pragma once\nnamespace mine {\nstruct Knobs { int threads; };\n"
      "template <class T, class V, class Epilogue>\n__global__ void kernel(T* y) {}\n}\n";
  return Catalog::load({{"narrow/op.toml", op}, {"narrow/k.toml", kernel}}, sources, "");
}

class EmitLaunches : public testing::Test {
 protected:
  const Catalog catalog_ = narrow();
  const OpEntry& entry_ = catalog_.at("narrow");
  DeviceInfo device_ = emulated_device(90);

  Problem problem(std::int64_t n) const {
    return parse_problem(entry_.op, {.shape = "n=" + std::to_string(n)});
  }
  bool can_launch(std::int64_t n, std::int64_t threads) const {
    return tw::can_launch(entry_.op, entry_.kernels.front(), problem(n), device_,
                          Configuration{threads});
  }
  bool can_verify(std::int64_t n) const { return tw::can_verify(entry_.op, problem(n), device_); }
  // Returns whether lower() accepts the call. Throws Error if the reference cannot compute it.
  bool is_lowered(std::int64_t n, std::int64_t threads) const {
    return lower(catalog_, entry_.kernels.front(), problem(n), device_, Configuration{threads})
        .invalid.empty();
  }
};

TEST_F(EmitLaunches, AreThoseOfTheTuner) {
  device_.memory_bytes = 0;
  for (const std::int64_t n : {1, 2, 9, 10, 11, 60000}) {
    for (const std::int64_t threads : {64, 2048}) {
      EXPECT_EQ(can_launch(n, threads), is_lowered(n, threads)) << n << " " << threads;
    }
  }
  EXPECT_FALSE(can_launch(1, 64));       // no pass runs
  EXPECT_FALSE(can_launch(9, 64));       // the workspace has a negative size
  EXPECT_TRUE(can_launch(10, 64));       // the workspace is empty
  EXPECT_FALSE(can_launch(10, 2048));    // too many threads
  EXPECT_FALSE(can_launch(300000, 64));  // too much shared memory
}

TEST_F(EmitLaunches, CannotBeVerifiedIfTheReferenceHasNoAnswer) {
  EXPECT_TRUE(can_verify(65535));
  EXPECT_NO_THROW(is_lowered(65535, 64));
  for (const std::int64_t n : {std::int64_t{65536}, std::int64_t{5}}) {
    EXPECT_FALSE(can_verify(n));
    EXPECT_THROW(is_lowered(n, 64), Error);
  }
}

TEST_F(EmitLaunches, NeedTheirWorkspaces) {
  EXPECT_EQ(
      workspace_need(entry_.op, entry_.kernels.front(), problem(30), device_, Configuration{64}),
      20000);
}

TEST_F(EmitLaunches, SamplesAreOfCallsThatCanBeVerified) {
  EmitRequest request;
  request.catalog = &catalog_;
  request.op = "narrow";
  request.defaults = true;
  request.winners = {emit_fixture::winner(catalog_, "narrow f32 n=40000", "k", "threads=64", 5000)};
  const Tuning tuning = tuning_of(request);
  const SampleSize any_size{1e18, 1e18, INT64_MAX, INT64_MAX};
  device_.memory_bytes = 0;
  const auto largest = [&] {
    std::int64_t most = 0;
    for (const EmitSample& one : samples_of(tuning, device_, 40, any_size, 1)) {
      EXPECT_TRUE(can_verify(one.problem.dims[0])) << one.problem.key(entry_.op);
      most = std::max(most, one.problem.dims[0]);
    }
    return most;
  };
  EXPECT_EQ(largest(), 40004);
  // A device that lacks the memory for the workspaces of larger problems.
  device_.memory_bytes = 30000000;
  EXPECT_LE(largest(), 30010);
}

TEST(EmitPlan, RefusesWorkspacesOfANegativeSize) {
  dispatch::Plan<1, 1, 1> plan;
  plan.workspace(0, checked::Value(0));
  EXPECT_TRUE(plan.valid);
  plan.workspace(0, checked::Value(-1));
  EXPECT_FALSE(plan.valid);
}

}  // namespace
}  // namespace tw
