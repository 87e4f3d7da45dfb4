// Compiles every kernel of the catalog for every architecture: no errors, no warnings of ptxas, and
// no spills in the default configuration. Needs the toolkit's NVRTC, but no GPU.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/cuda/protocol/platform.h"
#include "devices/gpu/compile/compile_pool.h"
#include "devices/gpu/compile/verify_program.h"
#include "unit/conformance/sample.h"

namespace tw::gpu {
namespace {

constexpr int samples = 3;  // in addition to the default configuration
constexpr std::uint64_t seed = 20240229;

struct Subject {
  std::string name;
  bool may_spill = false;
};

class Conformance : public testing::TestWithParam<int> {
 protected:
  static void SetUpTestSuite() {
    try {
      pool_ = std::make_unique<CompilePool>(cuda::platform(), 2, std::chrono::seconds(120));
      pool_->compiler();
    } catch (const Error& error) {
      pool_.reset();
      missing_ = error.what();
    }
  }
  static void TearDownTestSuite() { pool_.reset(); }
  void SetUp() override {
    if (!pool_) GTEST_SKIP() << missing_;
  }

  void submit(const Program& program, const DeviceInfo& device, Subject subject) {
    pool_->submit(next_ticket_, {program, architecture_of(device.cc), {"--ptxas-options=-v"}});
    subjects_[next_ticket_++] = std::move(subject);
  }
  void submit_kernel(const OpEntry& entry, const KernelSpec& kernel, const DeviceInfo& device);
  void submit_chains(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                     const DeviceInfo& device, const Configuration& configuration);
  void check(const Subject& subject, const Compiled& compiled) const;

  static inline std::unique_ptr<CompilePool> pool_;
  static inline std::string missing_;
  const Catalog catalog_ = Catalog::load(builtin_spaces(), builtin_sources());
  std::map<std::uint64_t, Subject> subjects_;
  std::uint64_t next_ticket_ = 1;
};

// Returns an edge shape that the kernel serves on the device; the op's first one if possible.
std::optional<Problem> served_problem(const OpSpec& op, const KernelSpec& kernel,
                                      const DeviceInfo& device) {
  std::vector<Problem> problems{parse_problem(op, {.shape = op.edge_shapes.front()})};
  for (const std::string& choices : conformance::choice_texts(op)) {
    for (Problem& problem : conformance::edge_problems(op, choices)) {
      problems.push_back(std::move(problem));
    }
  }
  for (Problem& problem : problems) {
    if (!kernel.needs.expr.holds(slots_of(op, kernel.names, problem, device))) continue;
    return std::move(problem);
  }
  return std::nullopt;
}

void Conformance::submit_kernel(const OpEntry& entry, const KernelSpec& kernel,
                                const DeviceInfo& device) {
  const auto problem = served_problem(entry.op, kernel, device);
  if (!problem) return;
  const SearchSpace space =
      SearchSpace::enumerate(kernel, slots_of(entry.op, kernel.names, *problem, device));
  std::mt19937_64 random(seed);
  for (int i = 0; i <= samples; ++i) {
    const std::size_t index = i == 0 ? space.default_index() : random() % space.size();
    const Configuration configuration = space[index];
    const LoweredPlan lowered = lower(catalog_, kernel, *problem, device, configuration);
    ASSERT_EQ(lowered.invalid, "") << kernel.name;
    submit(lowered.plan.program, device,
           {fmt::format("{} {} {}: {}", architecture_of(device.cc), entry.op.name, kernel.name,
                        text_of(kernel.knobs, configuration)),
            i != 0});
    if (i == 0) submit_chains(entry.op, kernel, *problem, device, configuration);
  }
}

// Submits a chain of all steps, each reduction of a kernel that reduces, and their oracles.
void Conformance::submit_chains(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                                const DeviceInfo& device, const Configuration& configuration) {
  std::vector<Epilogue> chains{
      {}, Epilogue::from_structure(fmt::format("{}", fmt::join(op.epilogue_steps, ",")))};
  for (const std::string& reduction : op.epilogue_reductions) {
    if (kernel.reduces) chains.push_back(Epilogue::from_structure(reduction));
  }
  for (const Epilogue& chain : chains) {
    const auto chained = conformance::with_chain(op, problem, chain);
    ASSERT_TRUE(chained) << chain.text();
    const Plan plan = lower(catalog_, kernel, *chained, device, configuration).plan;
    const std::string name = fmt::format("{} {} {} epilogue={}", architecture_of(device.cc),
                                         op.name, kernel.name, chain.text());
    submit(plan.program, device, {name, true});
    if (plan.problem->oracle.kind == OraclePlan::Kind::reference &&
        (chain.steps.empty() || chain.reduced())) {
      submit(plan.problem->oracle.program, device,
             {name + " reference", true});  // its speed does not matter
    }
  }
}

void Conformance::check(const Subject& subject, const Compiled& compiled) const {
  EXPECT_TRUE(compiled.ok) << subject.name << '\n' << compiled.log;
  EXPECT_EQ(compiled.log.find("warning"), std::string::npos) << subject.name << '\n'
                                                             << compiled.log;
  EXPECT_EQ(compiled.log.find("(C7"), std::string::npos) << subject.name << '\n' << compiled.log;
  if (!compiled.ok || subject.may_spill) return;
  // A line for each function: "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads".
  std::size_t at = compiled.log.find("bytes spill stores");
  EXPECT_NE(at, std::string::npos) << "ptxas said nothing of " << subject.name;
  for (; at != std::string::npos; at = compiled.log.find("bytes spill stores", at + 1)) {
    const std::size_t number = compiled.log.rfind(' ', at - 2) + 1;
    EXPECT_EQ(compiled.log.substr(number, at - 1 - number), "0") << subject.name << '\n'
                                                                 << compiled.log;
  }
}

TEST_P(Conformance, EveryKernelCompilesCleanly) {
  const DeviceInfo device = emulated_device(GetParam());
  for (const OpEntry& entry : catalog_.ops()) {
    for (const KernelSpec& kernel : entry.kernels) submit_kernel(entry, kernel, device);
  }
  submit(verify_program(), device, {architecture_of(device.cc) + " verification", true});
  while (!pool_->idle()) {
    for (const CompilePool::Result& result : pool_->advance()) {
      check(subjects_.at(result.ticket), result.compiled);
      subjects_.erase(result.ticket);
    }
    std::vector<int> descriptors;
    pool_->add_descriptors(descriptors);
    if (!pool_->idle()) wait_any(descriptors, pool_->next_deadline());
  }
  EXPECT_TRUE(subjects_.empty());
}

INSTANTIATE_TEST_SUITE_P(Architectures, Conformance, testing::Values(80, 89, 90, 120),
                         [](const auto& parameter) { return architecture_of(parameter.param); });

}  // namespace
}  // namespace tw::gpu
