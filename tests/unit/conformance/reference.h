// Runs oracles on the host on random inputs. Tests compare them with plain loops in double that
// share no code with kernels/.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/values.h"
#include "unit/support/parameter_of.h"

namespace tw::conformance {

// A tensor's stored elements.
struct Elements {
  DType dtype;
  const std::byte* data;
  double operator[](std::int64_t index) const { return cpu::read_element(dtype, data, index); }
};

// A result and its magnitude (kernels/common/exact.cuh), implemented independently.
struct Judged {
  double value, magnitude;
};
inline constexpr double of_subnormals = 0x1p-126;

inline Judged judged(double value, double terms) { return {value, terms + of_subnormals}; }

// Returns y = step(x). Its magnitude is how far y moves, in tolerances, if x moves by its error.
template <class Step>
Judged through(const Judged& x, double tolerance, const Step& step) {
  const double error = tolerance * x.magnitude, y = step(x.value);
  const double up = std::fabs(step(x.value + error) - y);
  const double down = std::fabs(step(x.value - error) - y);
  return judged(y, std::max(up, down) / tolerance + std::fabs(y));
}
inline Judged plus(const Judged& x, double tolerance, double term) {
  return through(x, tolerance, [term](double value) { return value + term; });
}

// The oracle's results for one problem.
class ReferenceRun {
 public:
  ReferenceRun(const OpSpec& op, const Problem& problem, const Plan& plan)
      : op_(op), problem_(problem), plan_(plan), memory_(plan, 5) {
    for (const PlanTensor& tensor : plan.problem->tensors) {
      expected_.emplace_back(static_cast<std::size_t>(tensor.layout.elements) * 8, 8);
      magnitude_.emplace_back(static_cast<std::size_t>(tensor.layout.elements) * 8, 8);
    }
  }
  // Returns what went wrong; empty if nothing did.
  std::string run(const cpu::LoadedModule& module, int first_entry) {
    const PlanLaunch& launch = plan_.problem->oracle.launches.at(0);
    cpu::PlanMemory::KernelArguments arguments(memory_, launch, expected_, magnitude_);
    for (std::size_t i = 0; i < launch.args.size(); ++i) {
      if (launch.args[i].kind != ArgSpec::Kind::epilogue) continue;
      std::memcpy(&epilogue_tensor_, arguments.pointers()[parameter_of(launch.args, i)],
                  sizeof epilogue_tensor_);
    }
    cpu::Scheduler scheduler;
    return scheduler.run(module.module(), first_entry + launch.entry,
                         {launch.grid, launch.block, launch.smem_bytes}, arguments.pointers(),
                         {1, cpu::Lanes::forwards});
  }

  double tolerance() const { return plan_.problem->tolerance; }
  std::int64_t dim(std::string_view name) const { return named(op_.dims, problem_.dims, name); }
  double scalar(std::string_view name) const { return named(op_.scalars, problem_.scalars, name); }
  // Returns a tensor that the oracle read.
  Elements tensor(std::string_view name) const {
    return {problem_.dtype, memory_.tensor(place_of(name))};
  }
  // Returns the tensor of the chain's first step.
  Elements epilogue_tensor() const { return {problem_.dtype, epilogue_tensor_}; }

  // Compares an element of an output: its value, and the magnitude by which results are judged.
  void compare(std::string_view output, std::int64_t index, const Judged& right) const {
    const std::size_t place = place_of(output);
    EXPECT_NEAR(wide(expected_[place], index), right.value, 1e-13 * right.magnitude)
        << output << " " << index;
    // Slopes are computed from values that are one tolerance apart.
    EXPECT_NEAR(wide(magnitude_[place], index), right.magnitude, 1e-6 * right.magnitude)
        << "the magnitude of " << output << " " << index;
  }

 private:
  template <class Spec, class Value>
  static Value named(const std::vector<Spec>& specs, const std::vector<Value>& values,
                     std::string_view name) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (specs[i].name == name) return values[i];
    }
    throw Error("the op has no " + std::string(name));
  }
  std::size_t place_of(std::string_view tensor) const {
    const auto found =
        std::find_if(plan_.problem->tensors.begin(), plan_.problem->tensors.end(),
                     [tensor](const PlanTensor& each) { return each.name == tensor; });
    if (found == plan_.problem->tensors.end()) throw Error("the op has no " + std::string(tensor));
    return static_cast<std::size_t>(found - plan_.problem->tensors.begin());
  }
  static double wide(const cpu::Guarded& buffer, std::int64_t index) {
    return Elements{DType::f64, buffer.data()}[index];
  }

  const OpSpec& op_;
  const Problem& problem_;
  const Plan& plan_;
  cpu::PlanMemory memory_;
  std::vector<cpu::Guarded> expected_, magnitude_;
  const std::byte* epilogue_tensor_ = nullptr;
};

// Runs the oracle of `op_name` on each of the shapes ("m=1,n=2") in every dtype, with the choices
// ("layout=nt", or none) and the epilogue. Calls check(run) for each until one fails.
template <class Check>
void check_reference(const std::string& op_name, const std::vector<std::string>& shapes,
                     const std::string& choices, const std::string& epilogue, const Check& check) {
  static const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const OpSpec& op = catalog.at(op_name).op;
  std::vector<Problem> problems;
  std::vector<Plan> plans;
  std::vector<Program> programs;  // one for each dtype; shapes differ only at run time
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    for (const std::string& shape : shapes) {
      ProblemText text;
      text.shape = shape + (choices.empty() ? "" : ",") + choices;
      text.dtype = name_of(dtype);
      text.epilogue = epilogue;
      problems.push_back(parse_problem(op, text));
      plans.emplace_back().problem = lower_problem(catalog, problems.back(), emulated_device(90));
    }
    programs.push_back(plans.back().problem->oracle.program);
  }
  const cpu::Compiled compiled = cpu::compile_module(programs);
  ASSERT_EQ(compiled.error, "");
  const cpu::LoadedModule module(compiled.path);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    ASSERT_EQ(plans[i].problem->oracle.program.text, programs[i / shapes.size()].text);
    SCOPED_TRACE(problems[i].key(op));
    ReferenceRun run(op, problems[i], plans[i]);
    ASSERT_EQ(run.run(module, static_cast<int>(i / shapes.size())), "");
    check(run);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace tw::conformance
