// How accurate products of f32 are on the tensor cores, against those of the FMA units.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "error.h"
#include "execute.h"
#include "module.h"
#include "plan.h"
#include "space.h"

namespace tw {
namespace {

class GemmMmaTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }

  // Runs a kernel's default configuration but for its passes (0: as they are), which need not be
  // what the math asks for.
  static Measurement run(const std::string& kernel_name, const std::string& shape, int passes = 0) {
    const OpEntry& entry = catalog().at("gemm");
    const auto kernel =
        std::find_if(entry.kernels.begin(), entry.kernels.end(),
                     [&](const KernelSpec& each) { return each.name == kernel_name; });
    if (kernel == entry.kernels.end()) throw Error("no kernel " + kernel_name);
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

 private:
  static Measurement execute(const Plan& plan) {
    const Program programs[] = {plan.program, plan.reference};
    const cpu::Compiled compiled = cpu::compile_module(programs);
    if (compiled.path.empty()) throw Error(compiled.error);
    const cpu::LoadedModule module(compiled.path);
    cpu::Scheduler scheduler;
    cpu::Oracle oracle;
    cpu::ExecuteOptions options;
    options.time = false;
    const int entries = static_cast<int>(plan.program.entries.size());
    return cpu::execute(plan, {&module.module(), 0}, {&module.module(), entries}, scheduler, oracle,
                        options);
  }
};

TEST_F(GemmMmaTest, OneTf32PassIsNotFp32) {
  for (const char* shape : {"m=64,n=64,k=8", "m=64,n=64,k=1000"}) {
    EXPECT_EQ(run("mma", shape, 3).outcome, Outcome::ok) << shape;
    EXPECT_EQ(run("mma", shape, 1).outcome, Outcome::wrong_result) << shape;
  }
}

// The units of a GPU add with truncation, which the cpu device does not show: what is seen here is
// what the split loses.
TEST_F(GemmMmaTest, ThreeTf32PassesAreAsAccurateAsFma) {
  for (const char* shape : {"m=64,n=64,k=64", "m=64,n=64,k=1000"}) {
    const Measurement fma = run("simt", shape), passes = run("mma", shape);
    EXPECT_GT(passes.error_ulps, 0);
    EXPECT_LE(passes.error_ulps, 2 * fma.error_ulps) << shape;
  }
}

}  // namespace
}  // namespace tw
