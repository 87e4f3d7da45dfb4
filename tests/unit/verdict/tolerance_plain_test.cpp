// If a chain hides what a kernel computes, the kernel is also verified without the chain.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/cpu/cpu.h"

namespace tw {
namespace {

// Returns the plan of a kernel's default configuration.
Plan lowered(const Catalog& catalog, const std::string& op, const std::string& kernel_name,
             const ProblemText& text) {
  const OpEntry& entry = catalog.at(op);
  const auto kernel =
      std::find_if(entry.kernels.begin(), entry.kernels.end(),
                   [&](const KernelSpec& each) { return each.name == kernel_name; });
  if (kernel == entry.kernels.end()) throw Error("no kernel " + kernel_name);
  const Problem problem = parse_problem(entry.op, text);
  const DeviceInfo device = emulated_device(90);
  const auto space =
      SearchSpace::enumerate(*kernel, slots_of(entry.op, kernel->names, problem, device));
  LoweredPlan result = lower(catalog, *kernel, problem, device, space[space.default_index()]);
  if (!result.invalid.empty()) throw Error(result.invalid);
  return std::move(result.plan);
}

Measurement verified(Device& device, Plan plan) {
  Job job;
  job.purpose = Purpose::verify;
  job.limits.timeout_ms = 60000;
  job.plan = std::move(plan);
  device.submit(job);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (std::chrono::steady_clock::now() < deadline) {
    for (const Finished& finished : device.wait(deadline)) return finished.measurement;
  }
  throw Error("no answer");
}

TEST(PlainPlan, IsThereWhereAChainHides) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  for (const char* chain : {"relu6", "sigmoid", "tanh", "hardsigmoid", "clamp(0,1)",
                            "bias_column,clamp(0,1),scale(2)", "max", "logsumexp", "add(3)",
                            "scale(0.01)", "div(0)", "scale(0)", "div(9),residual,div(9)"}) {
    const ProblemText text{.shape = "m=64,n=64,k=64", .epilogue = chain};
    const Plan plan = lowered(catalog, "gemm", "mma", text);
    ASSERT_EQ(plan.plain.size(), 1u) << chain;
    const Plan& plain = plan.plain[0];
    EXPECT_TRUE(plain.plain.empty());
    EXPECT_NE(plain.program.entries.at(0).find("Chain<>"), std::string::npos) << chain;
    EXPECT_NE(plain.problem->oracle.program.entries.at(0).find("Chain<>"), std::string::npos)
        << chain;
    EXPECT_EQ(plain.problem->tensors.back().layout.elements, 64 * 64) << chain;
  }
  for (const char* chain : {"", "bias_column,relu", "gelu", "residual,sum", "add(0)", "scale(-64)",
                            "div(64)", "scale(0.25),bias_row,div(0.25)"}) {
    const ProblemText text{.shape = "m=64,n=64,k=64", .epilogue = chain};
    EXPECT_TRUE(lowered(catalog, "gemm", "mma", text).plain.empty()) << chain;
  }
}

// All results below 0 are far off, and clamp replaces them by 0.
TEST(PlainPlan, ShowsWhatTheChainHides) {
  Texts sources = builtin_sources();
  std::string& text = sources.at("activation/stream.cuh");
  const std::string place = "widen(stored, values);";
  const std::size_t at = text.find(place);
  ASSERT_NE(at, std::string::npos);
  text.insert(at + place.size(), " for (float& x : values) x = x < 0 ? x - 9 : x;");
  const Catalog broken = Catalog::load(builtin_spaces(), sources);
  const Catalog shipped = Catalog::load(builtin_spaces(), builtin_sources());
  const std::unique_ptr<Device> device = open_cpu();
  const ProblemText problem{.shape = "rows=3,columns=50", .epilogue = "clamp(0,1)"};

  EXPECT_EQ(verified(*device, lowered(shipped, "activation", "stream", problem)).outcome,
            Outcome::ok);
  Plan plan = lowered(broken, "activation", "stream", problem);
  const Measurement found = verified(*device, plan);
  EXPECT_EQ(found.outcome, Outcome::wrong_result);
  EXPECT_TRUE(found.note.starts_with("without its epilogue: ")) << found.note;
  plan.plain.clear();
  EXPECT_EQ(verified(*device, std::move(plan)).outcome, Outcome::ok);
}

}  // namespace
}  // namespace tw
