// Lowering: from (kernel, problem, device limits, configuration) to what a worker needs, with every
// expression evaluated. A worker that holds a Plan needs neither the specs, nor the database, nor
// the source tree.
#pragma once
#include <array>
#include <cstdint>
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

struct PlanArg {
  ArgSpec::Kind kind{};
  // tensor, expected, magnitude, tensor_map, pointers: into Plan::tensors; workspace: into
  // Plan::workspaces
  int index = 0;
  std::int64_t value = 0;  // int32, int64
  double scalar = 0;
  TensorMapShape map{};  // tensor_map
};

struct PlanLaunch {
  int entry = 0;  // into Program::entries
  std::array<std::int64_t, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
  std::int64_t smem_bytes = 0;
  std::vector<PlanArg> args;
};

// What is compiled: one translation unit and the headers it includes.
struct Program {
  std::string text;  // includes the kernel's source and defines the variant
  Texts headers;     // by include path
  // "tw::gemm::simt::kernel<float, v0, tw::epilogue::Chain<>>"; of kernels of others what their
  // spec names, with the macros replaced: "scale", "shop::ops::scale<float, block>".
  std::vector<std::string> entries;
  bool as_given = false;             // a kernel of others: compiled as it is, with `defines`
  std::vector<std::string> defines;  // "block_m=64": macros, for kernels of others
  std::vector<std::string> options;  // of the compiler, without -D: "-use_fast_math"
};

// The `#define` lines of a program's macros, and the `#undef` lines that end them. Not -D: that
// would reach the compilers' own headers, whose templates have a T too. The system's headers that
// the source includes first come before the macros for the same reason.
std::string macros_begin(const Program& program);
std::string macros_end(const Program& program);

// The second set of values (kernels/common/inputs.cuh).
struct PlanFill {
  int sign = 1;
  float scale = 4;
  bool infinities = false;
};

// Of the tensors that an epilogue adds.
inline constexpr PlanFill epilogue_fill{0, 2, false};

struct PlanTensor {
  std::string name;
  Role role = Role::in;
  DType dtype = DType::f32;
  TensorLayout layout;
  bool is_read = true;  // false: an inout tensor whose scalar is zero, poisoned like an out tensor
  bool by_pointers = false;  // an array of pointers to its slices is made, see TensorSpec
  PlanFill second{};

  // An output that is not poisoned before a run, but given its values again.
  bool is_restored() const { return role == Role::inout && is_read; }
};
// The offsets, in elements, of the slices that the array of a tensor by pointers points to.
std::vector<std::int64_t> slice_offsets(const PlanTensor& tensor);
struct PlanWorkspace {
  std::int64_t bytes = 0;
  WorkspaceSpec::Init init = WorkspaceSpec::Init::none;
};

// What says which results are right.
struct OraclePlan {
  enum class Kind {
    none,          // nothing: only faults show
    reference,     // the op's reference, which writes the expected values and their magnitudes
    configuration  // another configuration, whose results are the expected ones
  } kind = Kind::none;
  Program program;
  std::vector<PlanLaunch> launches;  // one of a reference
  std::vector<PlanWorkspace> workspaces;
};

struct Plan {
  Program program;
  std::vector<PlanLaunch> launches;
  std::vector<PlanTensor> tensors;
  std::vector<PlanWorkspace> workspaces;
  std::vector<std::int64_t> epilogue_extents;  // elements of each tensor argument of the chain
  std::vector<float> epilogue_scalars;
  std::int64_t align = 16;
  double tolerance = 0;  // the error allowed for each unit of the magnitude
  OraclePlan oracle;
  // Where the chain hides what the kernel computes, the same configuration without the chain, which
  // is verified too: one plan at most, and it has none.
  std::vector<Plan> plain;
};

// Throws Error only for faults of the spec. A configuration whose launch or sizes have no value, or
// exceed the device's limits (threads a block, grid, shared memory), gives a Plan with `invalid`
// set.
struct LoweredPlan {
  Plan plan;
  std::string invalid;  // why it cannot be launched; empty: it can
};
LoweredPlan lower(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device, std::span<const std::int64_t> configuration);

// What other configurations of the problem are compared with if this one is their oracle.
OraclePlan oracle_of(const Plan& plan);
// What a device launches for the plan's oracle: the problem's tensors and epilogue with the launches
// and workspaces of the oracle.
Plan plan_of_oracle(const Plan& plan);

// The C++ text of a variant: "struct v0 { static constexpr ... choices{...}; static constexpr ...
// knobs{...}; };" Also what db/emit writes, so that what ships is what was measured. `root`
// replaces the namespace tw.
std::string variant_text(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                         std::span<const std::int64_t> configuration, const std::string& name,
                         const std::string& root = "tw");
// "gemm/simt.cuh" -> "tw::gemm::simt": the namespace of its Knobs, derived from the first launch's
// entry.
std::string namespace_of(const KernelSpec& kernel);

}  // namespace tw
