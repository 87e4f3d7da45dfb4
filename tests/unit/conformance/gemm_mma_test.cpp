// Tests of products on the tensor cores beyond the edge shapes: the accuracy of f32 products
// compared with the FMA units, and blocks that compute many tiles.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/execute.h"

namespace tw {
namespace {

class GemmMmaTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }

  // Runs a kernel's default configuration with the given passes (0: the default), even if the math
  // asks for other passes.
  static Measurement run(const std::string& kernel_name, const std::string& shape, int passes = 0) {
    const OpEntry& entry = catalog().at("gemm");
    const KernelSpec* const kernel = find(kernel_name);
    ProblemText text;
    text.shape = shape;
    const Problem problem = parse_problem(entry.op, text);
    const DeviceInfo device = emulated_device(90);
    const auto space =
        SearchSpace::enumerate(*kernel, slots_of(entry.op, kernel->names, problem, device));
    Configuration configuration = space[space.default_index()];
    for (std::size_t i = 0; i < configuration.size(); ++i) {
      if (passes != 0 && kernel->knobs[i].name == "passes") configuration[i] = passes;
    }
    return execute(lower(catalog(), *kernel, problem, device, configuration).plan);
  }

  static const KernelSpec* find(const std::string& name) {
    for (const KernelSpec& each : catalog().at("gemm").kernels) {
      if (each.name == name) return &each;
    }
    throw Error("no kernel " + name);
  }

  static Measurement execute(const Plan& plan) {
    const Program programs[] = {plan.program, plan.problem->oracle.program};
    const cpu::Compiled compiled = cpu::compile_module(programs);
    if (compiled.path.empty()) throw Error(compiled.error);
    const cpu::LoadedModule module(compiled.path);
    cpu::Scheduler scheduler;
    cpu::Oracles oracles;
    cpu::ExecuteOptions options;
    options.time = false;
    const int entries = static_cast<int>(plan.program.entries.size());
    return cpu::execute(plan, {&module.module(), 0}, {&module.module(), entries}, scheduler,
                        oracles, options);
  }
};

TEST_F(GemmMmaTest, OneTf32PassIsNotFp32) {
  for (const char* shape : {"m=64,n=64,k=8", "m=64,n=64,k=1000"}) {
    EXPECT_EQ(run("mma", shape, 3).outcome, Outcome::ok) << shape;
    EXPECT_EQ(run("mma", shape, 1).outcome, Outcome::wrong_result) << shape;
  }
}

// The tensor cores of a GPU add with truncation, which the cpu device does not show: this test sees
// only the loss from splitting.
TEST_F(GemmMmaTest, ThreeTf32PassesAreAsAccurateAsFma) {
  for (const char* shape : {"m=64,n=64,k=64", "m=64,n=64,k=1000"}) {
    const Measurement fma = run("simt", shape), passes = run("mma", shape);
    EXPECT_GT(passes.error_ulps, 0);
    EXPECT_LE(passes.error_ulps, 2 * fma.error_ulps) << shape;
  }
}

// One block computes all ten tiles; each tile goes through the stages three times.
TEST_F(GemmMmaTest, WarpgroupsTakeTilesInTurn) {
  const OpEntry& entry = catalog().at("gemm");
  const KernelSpec* const kernel = find("wgmma");
  DeviceInfo device = emulated_device(90);
  device.sms = 1;
  const Problem problem =
      parse_problem(entry.op, {.shape = "m=320,n=128,k=616,layout=nt", .dtype = "bf16"});
  for (const char* in_turn : {"false", "true"}) {
    const Configuration configuration = configuration_from(
        kernel->knobs,
        fmt::format("passes=1 block_m={} block_n=64 warpgroups=2 in_turn={} stages=3 raster=4 "
                    "schedule=tiles split_k=1 min_blocks=1 cluster=none",
                    in_turn[0] == 't' ? 64 : 128, in_turn));
    const LoweredPlan lowered = lower(catalog(), *kernel, problem, device, configuration);
    ASSERT_EQ(lowered.invalid, "");
    ASSERT_EQ(lowered.plan.launches[0].grid[0], 1);
    const Measurement measurement = execute(lowered.plan);
    EXPECT_EQ(measurement.outcome, Outcome::ok) << in_turn << ": " << measurement.note;
  }
}

}  // namespace
}  // namespace tw
