// A plan holds everything that a device needs to run a kernel, with every expression evaluated
// (core/lowering/lowering.h). It has two parts: what all configurations of a problem share, and
// what one configuration adds. A worker that holds a Plan needs neither the specs, nor the
// database, nor the source tree.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/plan/tensor_map.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// One argument of a launch, evaluated.
struct PlanArg {
  ArgSpec::Kind kind{};
  // Index into ProblemPlan::tensors for tensor, expected, magnitude, tensor_map and pointers; into
  // Plan::workspaces for workspace.
  int index = 0;
  std::int64_t value = 0;  // int32, int64; number: its bits
  double scalar = 0;
  TensorMapShape map{};  // tensor_map
  int bytes = 0;         // number: its size, 1, 2, 4 or 8
  int structure = 0;     // ArgSpec::structure
};
// Returns the bytes that a kernel takes for a number.
std::vector<std::byte> number_bytes(const PlanArg& arg);
// Returns the bytes of the kernel's parameters. `values` has the bytes of each argument. The
// members of a struct, which are numbers and pointers, become one parameter, laid out as in C++.
std::vector<std::vector<std::byte>> parameters_of(
    const std::vector<PlanArg>& args, const std::vector<std::vector<std::byte>>& values);

// One launch of a kernel, evaluated.
struct PlanLaunch {
  int entry = 0;  // index into Program::entries
  std::array<std::int64_t, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
  std::int64_t smem_bytes = 0;
  std::vector<PlanArg> args;
};

// The program to compile: one translation unit and the headers that it includes.
struct Program {
  std::string text;  // includes the kernel's source and defines the variant
  Texts headers;     // by include path
  // "tw::gemm::simt::kernel<float, v0, tw::epilogue::Chain<>>". For kernels of others, the name in
  // their spec with the macros replaced: "scale", "shop::ops::scale<float, block>".
  std::vector<std::string> entries;
  std::vector<std::string> symbols;  // arrays of the source that get values, as in C++
  bool as_given = false;             // a kernel of others: compiled as it is, with `defines`
  std::vector<std::string> defines;  // "block_m=64": macros, for kernels of others
  std::vector<std::string> options;  // of the compiler, without -D: "-use_fast_math"
};

// The second set of values of a tensor (kernels/common/inputs.cuh).
struct PlanFill {
  int sign = 1;
  float scale = 4;
  bool infinities = false;
};

// The second set of values of the tensors that an epilogue adds.
inline constexpr PlanFill epilogue_fill{0, 2, false};

// A tensor of the problem.
struct PlanTensor {
  std::string name;
  Role role = Role::in;
  DType dtype = DType::f32;
  TensorLayout layout;
  bool is_read = true;  // false: an inout tensor whose scalar is zero, poisoned like an out tensor
  bool by_pointers = false;  // kernels get an array of pointers to its slices: see TensorSpec
  PlanFill second{};
  std::optional<IntegerRange> range{};  // of an integer tensor's values; nothing: fill_of's
  TensorValues values{};
  std::optional<TensorValues> expected{};  // with OraclePlan::Kind::given: the right results
  bool compares = true;                    // false: what an output holds does not matter
  std::optional<double> tolerance{};       // nothing: ProblemPlan::tolerance
  double absolute = 0, relative = 0;       // errors that are allowed besides

  // Returns whether the tensor's elements are compared with those of the oracle.
  bool is_compared() const { return role != Role::in && compares; }
  // Returns whether the tensor is an output that gets its old values before a run, instead of
  // poison.
  bool is_restored() const { return role == Role::inout && is_read; }
};
// Returns the offsets, in elements, of the slices of a tensor by pointers, one for each pointer.
std::vector<std::int64_t> slice_offsets(const PlanTensor& tensor);
struct PlanWorkspace {
  std::int64_t bytes = 0;
  WorkspaceSpec::Init init = WorkspaceSpec::Init::none;
};

// The oracle, which decides which results are right.
struct OraclePlan {
  enum class Kind {
    none,           // no oracle: only faults are found
    reference,      // the op's reference writes the expected values and their magnitudes
    configuration,  // the results of another configuration are the expected ones
    values,         // the op's reference writes the expected results, as a configuration does
    given           // PlanTensor::expected; there is no program
  } kind = Kind::none;
  // Returns whether a program makes the expected values.
  bool has_program() const { return kind != Kind::none && kind != Kind::given; }
  // Returns whether the expected values are results in the types of the tensors, without
  // magnitudes.
  bool gives_results() const { return kind != Kind::none && kind != Kind::reference; }
  Program program;
  std::vector<PlanLaunch> launches;  // a reference has one
  std::vector<PlanWorkspace> workspaces;
  std::vector<int> constants;  // as in Plan
};

// What all kernels and configurations of a problem share on a device. It is made once, and does not
// change afterwards.
struct ProblemPlan {
  DType storage = DType::f32;  // the problem's dtype, in which an epilogue's tensors are stored
  std::vector<PlanTensor> tensors;
  std::vector<std::int64_t> epilogue_extents;  // elements of each tensor argument of the chain
  std::vector<float> epilogue_scalars;
  std::int64_t align = 16;
  double tolerance = 0;  // the error allowed for each unit of the magnitude
  OraclePlan oracle;

  // Returns whether there is a second set of inputs. Files hold the results of one set; then the
  // second set is the first.
  bool has_second_set() const { return oracle.kind != OraclePlan::Kind::given; }
};

// A configuration of a kernel for a problem on a device, ready to run.
struct Plan {
  std::shared_ptr<const ProblemPlan> problem = std::make_shared<const ProblemPlan>();
  Program program;
  std::vector<PlanLaunch> launches;
  std::vector<PlanWorkspace> workspaces;
  std::vector<int> constants;  // the tensor, an input, of each of Program::symbols
  // If the chain hides what the kernel computes: the same configuration without the chain, which is
  // verified too. At most one plan, and its own `plain` is empty.
  std::vector<Plan> plain;
};

// Returns the oracle for other configurations of the problem if this plan's configuration is the
// oracle.
OraclePlan oracle_of(const Plan& plan);
// Returns what a device launches for the oracle of a problem: the problem with the launches and
// workspaces of the oracle.
Plan plan_of_oracle(const std::shared_ptr<const ProblemPlan>& problem);

}  // namespace tw
