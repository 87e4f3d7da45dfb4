#include "core/lowering/lowering_parts.h"

#include <set>

#include "core/base/error.h"
#include "core/lowering/variant_text.h"
#include "core/plan/launch_limits.h"
#include "core/spec/compiler_options.h"
#include "core/types/float_bits.h"

namespace tw {
namespace {

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

std::int32_t lower_int(const Expr& expr, Slots slots) {
  const std::int64_t value = value_of(expr, slots, "argument");
  if (value < INT32_MIN || value > INT32_MAX) {
    throw Invalid{fmt::format("argument \"{}\" = {} does not fit in an int", expr.text(), value)};
  }
  return static_cast<std::int32_t>(value);
}

// Returns the bits of a number.
std::int64_t lower_number(const ArgSpec& arg, Slots slots) {
  const auto bits = [&](double value) {
    return static_cast<std::int64_t>(float_bits(arg.dtype, value));
  };
  if (arg.real) return bits(*arg.real);
  const std::int64_t value = value_of(arg.value, slots, "argument");
  if (!is_integer(arg.dtype)) return bits(static_cast<double>(value));
  const IntegerRange limits = limits_of(arg.dtype);
  if (value >= limits.low && value <= limits.high) return value;
  throw Invalid{fmt::format("argument \"{}\" = {} does not fit in {}", arg.value.text(), value,
                            name_of(arg.dtype))};
}

}  // namespace

PlanArg lower_arg(const OpSpec& op, const std::vector<WorkspaceSpec>& workspaces,
                  const Problem& problem, const ArgSpec& arg, Slots slots) {
  using Kind = ArgSpec::Kind;
  PlanArg result;
  result.kind = arg.kind;
  result.structure = arg.structure;
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
      result.value = lower_int(arg.value, slots);
      break;
    case Kind::int64:
      result.value = value_of(arg.value, slots, "argument");
      break;
    case Kind::number:
      result.value = lower_number(arg, slots);
      result.bytes = size_of(arg.dtype);
      break;
  }
  return result;
}

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

Program macro_program(const Catalog& catalog, const OpSpec& op, const std::string& source,
                      const Problem& problem, const KernelSpec* kernel) {
  Program program;
  program.headers = catalog.sources_of(source);
  program.text = fmt::format("#include \"{}\"\n", source);
  program.as_given = true;
  const auto define = [&](const std::string& name, const auto& value) {
    program.defines.push_back(fmt::format("{}={}", name, value));
  };
  define("TW_T", cpp_type_of(problem.dtype));
  for (const TensorSpec& tensor : op.tensors) {
    if (tensor.dtypes.empty()) continue;
    define("TW_T_" + tensor.name, cpp_type_of(dtype_of(tensor, problem.dtype)));
  }
  const std::set<std::string>& declared = catalog.declared_in(source);
  const auto define_unless_declared = [&](const std::string& name, std::int64_t value) {
    const bool is_macro = !kernel || kernel->is_macro(name);
    if (is_macro && !declared.contains(name)) define(name, value);
  };
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    define_unless_declared(op.dims[i].name, problem.dims[i]);
  }
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    define_unless_declared(op.choices[i].name, problem.choices[i]);
  }
  return program;
}

std::string macro_of(const Knob& knob, std::int64_t value) {
  const bool is_shown = knob.kind == Knob::Kind::integer || knob.is_text;
  return is_shown ? knob.text(value) : fmt::format("{}", value);
}

void add_macros(const KernelSpec& kernel, std::span<const std::int64_t> configuration,
                Program& program) {
  for (std::size_t i = 0; i < kernel.knobs.size(); ++i) {
    const Knob& knob = kernel.knobs[i];
    if (!kernel.is_macro(knob.name)) continue;
    program.defines.push_back(fmt::format("{}={}", knob.name, macro_of(knob, configuration[i])));
  }
  for (const std::string& option : kernel.options) {
    if (auto macro = define_of(option)) {
      program.defines.push_back(std::move(*macro));
    } else if (!include_folder_of(option)) {
      program.options.push_back(option);
    }
  }
}

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

}  // namespace tw
