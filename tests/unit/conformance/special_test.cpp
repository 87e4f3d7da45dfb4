// Runs each kernel of each built-in op in its default configuration on values for which results
// overflow, are subnormal, infinite or NaN, and judges the results by the rule.
//
// A chain starts with three factors, which scale the results as a case needs it. The factors are
// run-time arguments, so that the cases of a chain share its program.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/lowering/lowering.h"
#include "devices/cpu/execute.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/values.h"
#include "unit/conformance/programs.h"
#include "unit/conformance/sample.h"
#include "unit/support/own_problem.h"

namespace tw::conformance {
namespace {

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

const std::vector<std::string> dtypes{"f32", "f16", "bf16"};

// Returns small shapes; every kernel serves at least one of them.
const std::map<std::string, std::vector<std::string>>& shapes() {
  static const std::map<std::string, std::vector<std::string>> all{
      {"activation", {"rows=3,columns=72"}},
      {"softmax",
       {"rows=3,columns=72,operation=softmax", "rows=3,columns=72,operation=log_softmax"}},
      {"reduce",
       {"outer=9,extent=72,operation=sum", "outer=9,extent=72,operation=logsumexp",
        "outer=2,extent=9,inner=24,operation=mean", "outer=2,extent=9,inner=24,operation=max",
        "outer=2,extent=9,inner=24,operation=min"}},
      {"gemm", {"m=20,n=24,k=40,layout=nt", "m=20,n=24,k=40,layout=nt,alpha=20000,beta=-3"}},
      {"conv2d",
       {"n=1,c=8,h=6,w=8,k=16,r=3,s=3,pad=1,layout=nchw",
        "n=1,c=8,h=6,w=8,k=16,r=3,s=3,pad=1,layout=nhwc"}},
      {"conv_transpose2d", {"n=1,c=8,h=3,w=8,k=9,r=3,stride=2,pad=1,output_pad=1"}},
  };
  return all;
}

// Three factors for the results, and the content of the first input in the second set.
struct Special {
  std::string name;
  std::vector<float> factors;
  enum class Inputs { ordinary, infinite, tiny, nan } inputs = Inputs::ordinary;
};

const std::vector<Special>& specials() {
  static const std::vector<Special> all{
      {"beyond f16", {20000, 1, 1}},
      {"beyond f32", {3e38F, 1, 1}},
      {"subnormal in f16", {1e-7F, 1, 1}},
      {"subnormal in f32", {1e-39F, 1, 1}},
      {"below what is subnormal", {1e-38F, 1e-7F, 1}},
      {"infinite", {3e38F, 3e38F, 1}},
      {"NaN", {3e38F, 3e38F, 0}},
      {"of infinite inputs", {1, 1, 1}, Special::Inputs::infinite},
      {"of subnormal inputs", {1, 1, 1}, Special::Inputs::tiny},
      {"of NaN", {1, 1, 1}, Special::Inputs::nan},
  };
  return all;
}

// Returns the plan with the factors and inputs of a special case.
Plan special_plan(Plan plan, const Special& special) {
  ProblemPlan& problem = test::own_problem(plan);
  std::copy(special.factors.begin(), special.factors.end(), problem.epilogue_scalars.begin());
  PlanFill& fill = problem.tensors.front().second;
  const bool is_f16 = problem.tensors.front().dtype == DType::f16;
  if (special.inputs == Special::Inputs::infinite) fill.infinities = true;
  if (special.inputs == Special::Inputs::tiny) fill.scale = is_f16 ? 0x1p-17F : 0x1p-126F;
  if (special.inputs == Special::Inputs::nan) fill.scale = std::nanf("");
  return plan;
}

// Returns whether the kernel gives NaN for an infinite input where infinity is right. 3xTF32
// subtracts an infinity from itself, and direct_wgmma multiplies inputs by the zeros beside its
// filters.
bool loses_infinities(const KernelSpec& kernel, const Plan& plan) {
  const bool splits = std::any_of(kernel.knobs.begin(), kernel.knobs.end(),
                                  [](const Knob& knob) { return knob.name == "passes"; });
  const bool is_f32 = plan.problem->tensors.front().dtype == DType::f32;
  return (splits && is_f32) || kernel.name == "direct_wgmma";
}

// A kernel's default configuration on a problem.
struct Case {
  std::string name;
  const KernelSpec* kernel;
  Plan plan;
  std::size_t program = 0, reference = 0;  // indices into Programs
};

class SpecialRunsTest : public testing::TestWithParam<std::string> {
 protected:
  const OpEntry& entry() const { return catalog().at(GetParam()); }
  const OpSpec& op() const { return entry().op; }

  // Adds the default configuration of each kernel that serves the problem, or with `turn` only of
  // one of these kernels.
  void add(const ProblemText& text, std::optional<std::size_t> turn = {}) {
    const Problem problem = parse_problem(op(), text);
    std::vector<Case> served;
    for (const KernelSpec& kernel : entry().kernels) {
      if (problem.epilogue.reduced() && !kernel.reduces) continue;
      const std::vector<SearchSpace> spaces = spaces_of(op(), kernel, problem);
      if (spaces.empty()) continue;
      LoweredPlan lowered = lower(catalog(), kernel, problem, devices().front(),
                                  spaces.front()[spaces.front().default_index()]);
      ASSERT_EQ(lowered.invalid, "") << kernel.name;
      served.push_back({kernel.name + " " + problem.key(op()), &kernel, std::move(lowered.plan)});
    }
    ASSERT_FALSE(served.empty()) << problem.key(op());
    for (std::size_t i = 0; i < served.size(); ++i) {
      if (turn && *turn % served.size() != i) continue;
      Case& added = cases_.emplace_back(std::move(served[i]));
      added.program = programs_.add(added.plan.program);
      added.reference = programs_.add(added.plan.problem->oracle.program);
      added.plan.program.headers.clear();
      test::own_problem(added.plan).oracle.program.headers.clear();
    }
  }

  void expect_right() {
    options.time = false;
    ASSERT_EQ(programs_.compile(), "");
    for (const Special& special : specials()) {
      for (const Case& each : cases_) {
        const bool is_infinite = special.inputs == Special::Inputs::infinite;
        if (is_infinite && loses_infinities(*each.kernel, each.plan)) continue;
        const Plan plan = special_plan(each.plan, special);
        options.seed = is_infinite ? seed_with_infinity(plan) : 1;
        const Measurement measurement = cpu::execute(
            plan, programs_[each.program], programs_[each.reference], scheduler, oracles, options);
        EXPECT_EQ(measurement.outcome, Outcome::ok)
            << special.name << " " << each.name << "\n  " << measurement.note;
      }
    }
  }

  // Returns a seed for which the first input's second set has an infinity. Fails if there is none.
  static std::uint64_t seed_with_infinity(const Plan& plan) {
    for (std::uint64_t seed = 1; seed < 10000; ++seed) {
      const cpu::PlanMemory memory(plan, seed, cpu::Inputs::second);
      for (std::int64_t i = 0; i < plan.problem->tensors[0].layout.elements; ++i) {
        const double x = cpu::read_element(plan.problem->tensors[0].dtype, memory.tensor(0), i);
        if (std::isinf(x)) return seed;
      }
    }
    ADD_FAILURE() << "no seed gives an infinity";
    return 1;
  }

  cpu::Scheduler scheduler;
  cpu::Oracles oracles;
  cpu::ExecuteOptions options;
  std::vector<Case> cases_;
  Programs programs_;
};

// Returns a chain of `count` of an op's steps, from step `first` on.
std::string steps_of(const OpSpec& op, std::size_t first, std::size_t count) {
  std::string words;
  for (std::size_t i = first; i < std::min(first + count, op.epilogue_steps.size()); ++i) {
    words += (words.empty() ? "" : ",") + op.epilogue_steps[i];
  }
  return Epilogue::from_structure(words).text();
}

TEST_P(SpecialRunsTest, AreRight) {
  const std::string factors = "scale(1),scale(1),scale(1)";
  const std::vector<std::string>& of_op = shapes().at(op().name);
  std::size_t turn = 0;
  for (const std::string& dtype : dtypes) {
    for (const std::string& shape : of_op) {
      add({.shape = shape, .dtype = dtype, .epilogue = factors});
    }
    for (const std::string& word : op().epilogue_reductions) {
      add({.shape = of_op[0], .dtype = dtype, .epilogue = factors + "," + word}, ++turn);
    }
  }
  const std::size_t group = 4;
  for (std::size_t first = 0; first < op().epilogue_steps.size(); first += group) {
    const std::string chain = factors + "," + steps_of(op(), first, group);
    const std::string dtype = dtypes[++turn % 3];
    add({.shape = of_op[turn % of_op.size()], .dtype = dtype, .epilogue = chain}, turn);
  }
  std::set<std::string> kernels;
  for (const Case& each : cases_) kernels.insert(each.kernel->name);
  EXPECT_EQ(kernels.size(), entry().kernels.size());
  expect_right();
}

// Each step alone, with each dtype.
class SpecialStepsTest : public SpecialRunsTest {};

TEST_P(SpecialStepsTest, AreRight) {
  for (const std::string& dtype : dtypes) {
    for (std::size_t i = 0; i < op().epilogue_steps.size(); ++i) {
      const std::string chain = "scale(1),scale(1),scale(1)," + steps_of(op(), i, 1);
      add({.shape = shapes().at(op().name)[0], .dtype = dtype, .epilogue = chain});
    }
  }
  expect_right();
}

std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const OpEntry& entry : catalog().ops()) names.push_back(entry.op.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Ops, SpecialRunsTest, testing::ValuesIn(op_names()),
                         [](const auto& each) { return each.param; });
INSTANTIATE_TEST_SUITE_P(Ops, SpecialStepsTest, testing::Values("activation"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace tw::conformance
