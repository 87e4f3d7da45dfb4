// Evaluates every expression of a kernel for one configuration, and writes the variant's text.
// Longer than 400 lines: the steps of one lowering, which share Invalid.
#include "core/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/plan/launch_limits.h"
#include "core/plan/plan_parts.h"
#include "core/spec/compiler_options.h"

namespace tw {
namespace {

// The reason why a launch is not possible. It is thrown inside this file and caught by its callers.
struct Invalid {
  std::string reason;
};

using Slots = std::span<const std::int64_t>;

std::int64_t value_of(const Expr& expr, Slots slots, std::string_view what) {
  if (const auto value = expr.evaluate(slots)) return *value;
  throw Invalid{fmt::format("{} \"{}\" has no value", what, expr.text())};
}

template <class Spec>
int index_of(const std::vector<Spec>& specs, const std::string& name) {
  const auto at =
      std::find_if(specs.begin(), specs.end(), [&](const Spec& spec) { return spec.name == name; });
  return static_cast<int>(at - specs.begin());
}

TensorMapShape lower_map(const OpSpec& op, const ArgSpec& arg, const Problem& problem,
                         Slots slots) {
  std::vector<std::int64_t> values;
  for (const Expr& expr : arg.map) values.push_back(value_of(expr, slots, "tensor map"));
  TensorMapShape shape;
  const TensorSpec& tensor = op.tensors[static_cast<std::size_t>(index_of(op.tensors, arg.name))];
  const int bytes = size_of(dtype_of(tensor, problem.dtype));
  const char* const wrong =
      arg.im2col ? describe_im2col_map(shape, values.data(), bytes, arg.swizzle, problem.align)
                 : describe_tensor_map(shape, values.data(), arg.rank(), bytes, arg.swizzle,
                                       problem.align);
  if (wrong) throw Invalid{fmt::format("tensor map of {}: {}", arg.name, wrong)};
  return shape;
}

PlanArg lower_arg(const OpSpec& op, const std::vector<WorkspaceSpec>& workspaces,
                  const Problem& problem, const ArgSpec& arg, Slots slots) {
  using Kind = ArgSpec::Kind;
  PlanArg result;
  result.kind = arg.kind;
  switch (arg.kind) {
    case Kind::tensor:
    case Kind::expected:
    case Kind::magnitude:
      result.index = index_of(op.tensors, arg.name);
      break;
    case Kind::workspace:
      result.index = index_of(workspaces, arg.name);
      break;
    case Kind::scalar:
      result.scalar = problem.scalars[static_cast<std::size_t>(index_of(op.scalars, arg.name))];
      break;
    case Kind::epilogue:
    case Kind::tolerance:
    case Kind::pointers:
      break;
    case Kind::tensor_map:
      result.index = index_of(op.tensors, arg.name);
      result.map = lower_map(op, arg, problem, slots);
      break;
    case Kind::int32:
    case Kind::int64:
      result.value = value_of(arg.value, slots, "argument");
      if (arg.kind == Kind::int32 && (result.value < INT32_MIN || result.value > INT32_MAX)) {
        throw Invalid{fmt::format("argument \"{}\" = {} does not fit in an int", arg.value.text(),
                                  result.value)};
      }
      break;
  }
  return result;
}

// Kernels and baselines get an array of pointers for a tensor by pointers; the reference gets the
// address of its first element.
void pass_by_pointers(PlanArg& arg, const std::vector<PlanTensor>& tensors) {
  using Kind = ArgSpec::Kind;
  if (arg.kind != Kind::tensor && arg.kind != Kind::tensor_map) return;
  const PlanTensor& tensor = tensors[static_cast<std::size_t>(arg.index)];
  if (!tensor.by_pointers) return;
  if (arg.kind == Kind::tensor_map) {
    throw Invalid{
        fmt::format("no tensor map describes {}, which is given by pointers: say so in "
                    "'needs'",
                    tensor.name)};
  }
  arg.kind = Kind::pointers;
}

std::array<std::int64_t, 3> lower_extent(const Expr (&extent)[3], Slots slots,
                                         std::string_view what, const std::int64_t (&limits)[3]) {
  std::array<std::int64_t, 3> result{};
  for (std::size_t i = 0; i < 3; ++i) {
    result[i] = value_of(extent[i], slots, what);
    if (result[i] >= 1 && result[i] <= limits[i]) continue;
    throw Invalid{fmt::format("{} \"{}\" = {} is not from 1 to {}", what, extent[i].text(),
                              result[i], limits[i])};
  }
  return result;
}

// The limits are from the CUDA C++ Programming Guide, "Technical Specifications per Compute
// Capability".
void check_limits(const PlanLaunch& launch, const DeviceInfo& device) {
  const std::int64_t threads = launch.block[0] * launch.block[1] * launch.block[2];
  if (device.max_threads > 0 && threads > device.max_threads) {
    throw Invalid{fmt::format("{} threads a block, {} has at most {}", threads, device.model,
                              device.max_threads)};
  }
  if (launch.smem_bytes < 0 || (device.smem_optin > 0 && launch.smem_bytes > device.smem_optin)) {
    throw Invalid{fmt::format("{} bytes of shared memory a block, {} has at most {}",
                              launch.smem_bytes, device.model, device.smem_optin)};
  }
  const std::int64_t cluster = launch.cluster[0] * launch.cluster[1] * launch.cluster[2];
  const bool divides = launch.grid[0] % launch.cluster[0] == 0 &&
                       launch.grid[1] % launch.cluster[1] == 0 &&
                       launch.grid[2] % launch.cluster[2] == 0;
  if (cluster > launch_limits::cluster_blocks || !divides ||
      (cluster > 1 && device.cc < launch_limits::cluster_cc)) {
    throw Invalid{fmt::format(
        "a cluster of {} blocks: it must divide the grid, be at most {}, and needs cc {}", cluster,
        launch_limits::cluster_blocks, launch_limits::cluster_cc)};
  }
}

PlanLaunch lower_launch(const OpSpec& op, const std::vector<WorkspaceSpec>& workspaces,
                        const LaunchSpec& spec, const Problem& problem, const DeviceInfo& device,
                        Slots slots) {
  PlanLaunch launch;
  launch.grid = lower_extent(spec.grid, slots, "grid", launch_limits::grid);
  launch.block = lower_extent(spec.block, slots, "block", launch_limits::block);
  launch.cluster = lower_extent(spec.cluster, slots, "cluster",
                                {launch_limits::cluster_blocks, launch_limits::cluster_blocks,
                                 launch_limits::cluster_blocks});
  launch.smem_bytes = value_of(spec.smem_bytes, slots, "smem");
  check_limits(launch, device);
  for (const ArgSpec& arg : spec.args) {
    launch.args.push_back(lower_arg(op, workspaces, problem, arg, slots));
  }
  return launch;
}

PlanWorkspace lower_workspace(const WorkspaceSpec& spec, const DeviceInfo& device, Slots slots) {
  const std::int64_t bytes = value_of(spec.bytes, slots, "workspace " + spec.name + ":");
  const bool too_large = device.memory_bytes > 0 && bytes > device.memory_bytes;
  if (bytes < 0 || too_large) {
    throw Invalid{fmt::format("workspace {} of {} bytes: the device has {}", spec.name, bytes,
                              device.memory_bytes)};
  }
  return {bytes, spec.init};
}

// Returns the program of sources that take their knobs by type.
Program typed_program(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                      const std::string& source, const std::string& variant) {
  Program program;
  program.headers = catalog.sources_of(source);
  if (!problem.epilogue.steps.empty()) {
    program.headers.merge(catalog.sources_of(epilogue_source));
    program.text += fmt::format("#include \"{}\"\n", epilogue_source);
  }
  if (!op.header.empty()) {
    program.headers.merge(catalog.sources_of(op.header));
    program.text += fmt::format("#include \"{}\"\n", op.header);
  }
  program.text += fmt::format("#include \"{}\"\n{}{}", source,
                              types_text(op, problem.dtype, types_name), variant);
  return program;
}

Program macro_program(const Catalog& catalog, const OpSpec& op, const KernelSpec& kernel,
                      const Problem& problem, std::span<const std::int64_t> configuration) {
  Program program;
  program.headers = catalog.sources_of(kernel.source);
  program.text = fmt::format("#include \"{}\"\n", kernel.source);
  program.as_given = true;
  const auto define = [&](const std::string& name, std::int64_t value) {
    program.defines.push_back(fmt::format("{}={}", name, value));
  };
  program.defines.push_back(fmt::format("TW_T={}", cpp_type_of(problem.dtype)));
  for (const TensorSpec& tensor : op.tensors) {
    if (tensor.dtypes.empty()) continue;
    program.defines.push_back(
        fmt::format("TW_T_{}={}", tensor.name, cpp_type_of(dtype_of(tensor, problem.dtype))));
  }
  for (std::size_t i = 0; i < op.dims.size(); ++i) define(op.dims[i].name, problem.dims[i]);
  for (std::size_t i = 0; i < op.choices.size(); ++i)
    define(op.choices[i].name, problem.choices[i]);
  for (std::size_t i = 0; i < kernel.knobs.size(); ++i) {
    define(kernel.knobs[i].name, configuration[i]);
  }
  for (const std::string& option : kernel.options) {
    if (auto macro = define_of(option)) {
      program.defines.push_back(std::move(*macro));
    } else {
      program.options.push_back(option);
    }
  }
  return program;
}

// Returns the index of `entry` among the program's entries. A new entry is instantiated and added.
int entry_index(const OpSpec& op, Program& program, const std::string& entry,
                const Problem& problem) {
  const std::string name =
      program.as_given
          ? entry
          : fmt::format("{}<{}, v0, {}>", entry, type_parameter(op, problem.dtype, types_name),
                        problem.epilogue.cpp_type());
  const auto at = std::find(program.entries.begin(), program.entries.end(), name);
  const auto index = at - program.entries.begin();
  if (at == program.entries.end()) program.entries.push_back(name);
  return static_cast<int>(index);
}

void add_reference(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                   const DeviceInfo& device, Slots slots, Plan& plan) {
  if (op.reference_source.empty()) return;
  plan.oracle.kind = OraclePlan::Kind::reference;
  const std::string choices = choices_text(op, problem, "tw");
  plan.oracle.program = typed_program(catalog, op, problem, op.reference_source,
                                      fmt::format("struct v0 {{\n{}}};\n", choices));
  PlanLaunch launch = lower_launch(op, {}, op.reference, problem, device, slots);
  launch.entry = entry_index(op, plan.oracle.program, op.reference.entry, problem);
  for (PlanArg& arg : launch.args) {
    if (arg.kind == ArgSpec::Kind::tolerance) arg.scalar = plan.tolerance;
  }
  plan.oracle.launches = {std::move(launch)};
}

PlanFill lower_fill(const FillSpec& spec, Slots slots) {
  const std::int64_t sign = value_of(spec.sign, slots, "second: sign");
  const std::int64_t scale = value_of(spec.scale, slots, "second: scale");
  if (sign < -1 || sign > 1) {
    throw Invalid{
        fmt::format("second: sign \"{}\" = {} is not -1, 0 or 1", spec.sign.text(), sign)};
  }
  if (scale < 1 || scale > 32768) {
    throw Invalid{
        fmt::format("second: scale \"{}\" = {} is not from 1 to 32768", spec.scale.text(), scale)};
  }
  return {static_cast<int>(sign), static_cast<float>(scale),
          value_of(spec.infinities, slots, "second: infinities") != 0};
}

// Returns the unit of a tolerance, which is the unit roundoff of the arithmetic.
double tolerance_unit(DType dtype) { return dtype == DType::f64 ? 0x1p-53 : 0x1p-24; }

// Returns the tolerance of a tensor if it is not that of the problem.
std::optional<double> lower_tolerance(const OpSpec& op, const TensorSpec& tensor,
                                      const Problem& problem, Slots slots) {
  const double unit = tolerance_unit(dtype_of(tensor, problem.dtype));
  if (!tensor.tolerance && unit == tolerance_unit(problem.dtype)) return std::nullopt;
  const Expr& units = tensor.tolerance ? *tensor.tolerance : op.tolerance.at(problem.math);
  return unit * static_cast<double>(value_of(units, slots, "tolerance"));
}

std::optional<IntegerRange> lower_range(const TensorSpec& tensor, const Problem& problem,
                                        Slots slots) {
  auto range = find_range(tensor, problem.dtype, slots);
  if (const auto* refusal = std::get_if<Refusal>(&range)) throw Invalid{refusal->reason};
  return std::get<std::optional<IntegerRange>>(range);
}

bool serves(const KernelSpec& kernel, Slots slots) {
  const auto holds = [&](const Constraint& one) {
    return one.expr.evaluate(slots).value_or(0) != 0;
  };
  return holds(kernel.needs) && std::all_of(kernel.require.begin(), kernel.require.end(), holds);
}

// Returns the problem without its chain. Returns nothing if the problem's strides only fit the
// result of the chain's reduction.
std::optional<Problem> without_chain(const OpSpec& op, const Problem& problem) {
  Problem plain = problem;
  plain.epilogue.steps.clear();
  // The defaults of dims can depend on the reduction.
  const bool is_refused =
      problem.epilogue.reduced() && set_shape(op, shape_values(op, problem), plain);
  return is_refused ? std::nullopt : std::optional(std::move(plain));
}

// Computes Plan::plain.
std::vector<Plan> plain_of(const Catalog& catalog, const OpSpec& op, const KernelSpec& kernel,
                           const Problem& problem, const DeviceInfo& device,
                           std::span<const std::int64_t> configuration) {
  if (op.reference_source.empty() || !problem.epilogue.hides()) return {};
  const auto plain = without_chain(op, problem);
  if (!plain) return {};
  std::vector<std::int64_t> slots = slots_of(op, kernel.names, *plain, device);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  if (!serves(kernel, slots)) return {};
  LoweredPlan lowered = lower(catalog, kernel, *plain, device, configuration);
  if (!lowered.invalid.empty()) return {};
  return {std::move(lowered.plan)};
}

}  // namespace

Plan lower_problem(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                   const DeviceInfo& device) {
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, device);
  Plan plan;
  plan.align = problem.align;
  plan.storage = problem.dtype;
  try {
    for (const TensorSpec& tensor : op.tensors) {
      const DType dtype = dtype_of(tensor, problem.dtype);
      bool is_read = tensor.role != Role::out;
      if (!tensor.scaled_by.empty()) {
        const auto scalar = static_cast<std::size_t>(index_of(op.scalars, tensor.scaled_by));
        is_read = is_read && problem.scalars[scalar] != 0;
      }
      const bool by_pointers =
          tensor.by_pointers && value_of(*tensor.by_pointers, slots, "pointers") != 0;
      plan.tensors.push_back({tensor.name, tensor.role, dtype, layout_of(tensor, slots), is_read,
                              by_pointers, lower_fill(tensor.second, slots),
                              lower_range(tensor, problem, slots),
                              lower_tolerance(op, tensor, problem, slots)});
    }
    for (const EpilogueStep& step : problem.epilogue.steps) {
      plan.epilogue_scalars.insert(plan.epilogue_scalars.end(), step.arguments.begin(),
                                   step.arguments.end());
      if (!step.word->takes_tensor) continue;
      const Expr& extent = op.epilogue_extents.at(std::string(step.word->name));
      plan.epilogue_extents.push_back(value_of(extent, slots, "epilogue extent"));
    }
    const Expr& tolerance = op.tolerance.at(problem.math);
    plan.tolerance = tolerance_unit(problem.dtype) *
                     static_cast<double>(value_of(tolerance, slots, "tolerance"));
    add_reference(catalog, op, problem, device, slots, plan);
  } catch (const Invalid& fault) {
    throw Error(fmt::format("op {} {}: {}: change the shape or the spec", op.name,
                            problem.shape(op), fault.reason));
  }
  return plan;
}

std::vector<std::pair<std::string, PlanArg>> lower_baseline_args(
    const OpSpec& op, const Problem& problem, const DeviceInfo& device,
    const BaselineSpec& baseline, const std::vector<PlanTensor>& tensors) {
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, device);
  std::vector<std::pair<std::string, PlanArg>> result;
  try {
    for (const auto& [word, arg] : baseline.args) {
      result.emplace_back(word, lower_arg(op, {}, problem, arg, slots));
      pass_by_pointers(result.back().second, tensors);
    }
  } catch (const Invalid& fault) {
    throw Error(fmt::format("op {} {}: baseline {}: {}", op.name, problem.shape(op),
                            baseline.library, fault.reason));
  }
  return result;
}

LoweredPlan lower(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device, std::span<const std::int64_t> configuration) {
  const OpSpec& op = catalog.at(kernel.op).op;
  if (configuration.size() != kernel.knobs.size()) {
    throw Error(fmt::format("kernel {} has {} knobs, the configuration has {} values", kernel.name,
                            kernel.knobs.size(), configuration.size()));
  }
  LoweredPlan result;
  Plan& plan = result.plan;
  plan = lower_problem(catalog, op, problem, device);
  plan.program = kernel.knobs_are_macros
                     ? macro_program(catalog, op, kernel, problem, configuration)
                     : typed_program(catalog, op, problem, kernel.source,
                                     variant_text(op, kernel, problem, configuration, "v0"));
  std::vector<std::int64_t> slots = slots_of(op, kernel.names, problem, device);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  try {
    for (const WorkspaceSpec& workspace : kernel.workspaces) {
      plan.workspaces.push_back(lower_workspace(workspace, device, slots));
    }
    for (const LaunchSpec& launch : kernel.launches) {
      if (value_of(launch.when, slots, "when") == 0) continue;
      plan.launches.push_back(lower_launch(op, kernel.workspaces, launch, problem, device, slots));
      plan.launches.back().entry = entry_index(op, plan.program, launch.entry, problem);
      for (PlanArg& arg : plan.launches.back().args) pass_by_pointers(arg, plan.tensors);
    }
    if (plan.launches.empty()) throw Invalid{"no [[launch]] applies"};
  } catch (const Invalid& fault) {
    result.invalid = fault.reason;
  }
  if (result.invalid.empty()) {
    plan.plain = plain_of(catalog, op, kernel, problem, device, configuration);
  }
  return result;
}

OraclePlan oracle_of(const Plan& plan) {
  return {OraclePlan::Kind::configuration, plan.program, plan.launches, plan.workspaces};
}

Plan plan_of_oracle(const Plan& plan) {
  Plan own;
  own.tensors = plan.tensors;
  own.epilogue_extents = plan.epilogue_extents;
  own.epilogue_scalars = plan.epilogue_scalars;
  own.align = plan.align;
  own.storage = plan.storage;
  own.launches = plan.oracle.launches;
  own.workspaces = plan.oracle.workspaces;
  return own;
}

std::vector<std::int64_t> slice_offsets(const PlanTensor& tensor) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t i = 0; i < tensor.layout.shape.front(); ++i) {
    offsets.push_back(i * tensor.layout.strides.front());
  }
  return offsets;
}

}  // namespace tw
