// Lowering: turns (kernel, problem, device limits, configuration) into what a worker needs, with
// every expression evaluated. A worker that holds a Plan needs neither the specs, nor the database,
// nor the source tree.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/plan/tensor_map.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "core/spec/spec.h"

namespace tw {

// One argument of a launch, evaluated.
struct PlanArg {
  ArgSpec::Kind kind{};
  // Index into Plan::tensors for tensor, expected, magnitude, tensor_map and pointers; into
  // Plan::workspaces for workspace.
  int index = 0;
  std::int64_t value = 0;  // int32, int64
  double scalar = 0;
  TensorMapShape map{};  // tensor_map
};

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
  bool as_given = false;             // a kernel of others: compiled as it is, with `defines`
  std::vector<std::string> defines;  // "block_m=64": macros, for kernels of others
  std::vector<std::string> options;  // of the compiler, without -D: "-use_fast_math"
};

// Return the `#define` lines of a program's macros, and the `#undef` lines that end them. The
// macros are not passed as -D, because -D would also change the compilers' own headers, whose
// templates have a T too. For the same reason the macros come after the system's headers that the
// source includes first.
std::string macros_begin(const Program& program);
std::string macros_end(const Program& program);

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
  std::optional<double> tolerance{};    // nothing: Plan::tolerance

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
    none,          // no oracle: only faults are found
    reference,     // the op's reference writes the expected values and their magnitudes
    configuration  // the results of another configuration are the expected ones
  } kind = Kind::none;
  Program program;
  std::vector<PlanLaunch> launches;  // a reference has one
  std::vector<PlanWorkspace> workspaces;
};

// A configuration of a kernel for a problem on a device, ready to run.
struct Plan {
  Program program;
  std::vector<PlanLaunch> launches;
  DType storage = DType::f32;  // the problem's dtype, in which an epilogue's tensors are stored
  std::vector<PlanTensor> tensors;
  std::vector<PlanWorkspace> workspaces;
  std::vector<std::int64_t> epilogue_extents;  // elements of each tensor argument of the chain
  std::vector<float> epilogue_scalars;
  std::int64_t align = 16;
  double tolerance = 0;  // the error allowed for each unit of the magnitude
  OraclePlan oracle;
  // If the chain hides what the kernel computes: the same configuration without the chain, which is
  // verified too. At most one plan, and its own `plain` is empty.
  std::vector<Plan> plain;
};

// The result of lowering. lower() throws Error only for faults of the spec. If the launch or the
// sizes of a configuration have no value, or exceed the device's limits (threads per block, grid,
// shared memory), `invalid` is set.
struct LoweredPlan {
  Plan plan;
  std::string invalid;  // why it cannot be launched; empty if it can
};
LoweredPlan lower(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device, std::span<const std::int64_t> configuration);

// Returns the oracle for other configurations of the problem if this plan's configuration is the
// oracle.
OraclePlan oracle_of(const Plan& plan);
// Returns what a device launches for the plan's oracle: the tensors and epilogue of the problem
// with the launches and workspaces of the oracle.
Plan plan_of_oracle(const Plan& plan);

// Returns the type parameter of the kernels for problems of this dtype: the C++ type of all
// tensors, "float", or, if a tensor of the op has a dtype of its own, `types`, the name of the
// struct that types_text defines.
std::string type_parameter(const OpSpec& op, DType problem, const std::string& types);
// Returns "struct t0 { using T = float; using x_t = unsigned char; using y_t = int; };" with the
// type of each tensor and T, the problem's dtype. Returns nothing if no tensor has a dtype of its
// own. `root` replaces the namespace tw.
std::string types_text(const OpSpec& op, DType problem, const std::string& name,
                       const std::string& root = "tw");

// Returns the C++ text of a variant: "struct v0 { static constexpr ... choices{...}; static
// constexpr ... knobs{...}; };" Emitted headers get the same text, so that the shipped variant is
// the measured one. `root` replaces the namespace tw.
std::string variant_text(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                         std::span<const std::int64_t> configuration, const std::string& name,
                         const std::string& root = "tw");
// Returns the namespace of a kernel's Knobs: "tw::gemm::simt" for "gemm/simt.cuh". It is derived
// from the entry of the first launch.
std::string namespace_of(const KernelSpec& kernel);

}  // namespace tw
