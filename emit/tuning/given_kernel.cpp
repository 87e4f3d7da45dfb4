#include "emit/tuning/given_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/spec/compiler_options.h"
#include "core/spec/sources.h"

namespace tw {
namespace {

bool reads(const Expr& expr, int slot) {
  return std::any_of(expr.reads().begin(), expr.reads().end(),
                     [&](int one) { return one == slot; });
}

bool launch_reads(const LaunchSpec& launch, int slot) {
  const auto any = [&](const auto& exprs) {
    return std::any_of(std::begin(exprs), std::end(exprs),
                       [&](const Expr& expr) { return reads(expr, slot); });
  };
  return reads(launch.when, slot) || reads(launch.smem_bytes, slot) || any(launch.grid) ||
         any(launch.block) || any(launch.cluster) ||
         std::any_of(launch.args.begin(), launch.args.end(),
                     [&](const ArgSpec& arg) { return any(arg.map) || reads(arg.value, slot); });
}

bool is_constant(const KernelSpec& kernel, const TensorSpec& tensor) {
  return std::any_of(kernel.constants.begin(), kernel.constants.end(),
                     [&](const ConstantSpec& one) { return one.tensor == tensor.name; });
}

}  // namespace

std::string given_fault(const KernelSpec& kernel) {
  if (!kernel.knobs_are_macros) return "";
  for (const LaunchSpec& launch : kernel.launches) {
    if (launch.structs.empty()) continue;
    return fmt::format(
        "takes the struct {}, which a header cannot name: pass its members as arguments of their "
        "own, or use --format defines",
        launch.structs.front());
  }
  for (const std::string& option : kernel.options) {
    // These change neither results nor times, or the header asks for them.
    const bool is_line_info = option == "-lineinfo" || option == "--generate-line-info";
    if (define_of(option) || include_folder_of(option) || standard_of(option) || is_line_info) {
      continue;
    }
    return fmt::format(
        "was compiled with {}, which a header cannot ask of nvcc: use --format defines, or tune "
        "without it",
        option);
  }
  return "";
}

std::vector<std::size_t> constant_dims(const OpSpec& op, const KernelSpec& kernel) {
  std::vector<std::size_t> fixed;
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    const int slot = static_cast<int>(i);
    const bool is_extent =
        std::any_of(op.tensors.begin(), op.tensors.end(), [&](const TensorSpec& tensor) {
          return is_constant(kernel, tensor) &&
                 std::any_of(tensor.shape.begin(), tensor.shape.end(),
                             [&](const Expr& extent) { return reads(extent, slot); });
        });
    const bool is_read =
        std::any_of(kernel.launches.begin(), kernel.launches.end(),
                    [&](const LaunchSpec& launch) { return launch_reads(launch, slot); });
    if (is_extent && !is_read && op.dims[i].max >= DimSpec().max) fixed.push_back(i);
  }
  return fixed;
}

std::vector<std::size_t> compiled_dims(const Catalog& catalog, const KernelSpec& kernel) {
  std::vector<std::size_t> compiled;
  if (!kernel.knobs_are_macros) return compiled;
  const OpSpec& op = catalog.at(kernel.op).op;
  const std::vector<std::size_t> of_constants = constant_dims(op, kernel);
  const auto& declared = catalog.declared_in(kernel.source);
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    const std::string& name = op.dims[i].name;
    const bool is_macro = kernel.is_macro(name) && !declared.contains(name);
    const auto in_source = [&](const auto& source) { return mentions(source.second, name); };
    const auto in_entry = [&](const LaunchSpec& launch) {
      return mentions(launch.entry, name) && launch.entry.find("$" + name) != std::string::npos;
    };
    const auto in_option = [&](const std::string& option) { return mentions(option, name); };
    const auto& sources = catalog.sources_of(kernel.source);
    const auto any = [](const auto& all, const auto& holds) {
      return std::any_of(all.begin(), all.end(), holds);
    };
    if ((is_macro && (any(sources, in_source) || any(kernel.options, in_option))) ||
        any(kernel.launches, in_entry) ||
        std::find(of_constants.begin(), of_constants.end(), i) != of_constants.end()) {
      compiled.push_back(i);
    }
  }
  return compiled;
}

bool has_code_for(const Catalog& catalog, const Branch& branch, const Problem& problem) {
  if (!branch.kernel->knobs_are_macros) return true;
  const std::vector<std::size_t> dims = compiled_dims(catalog, *branch.kernel);
  return problem.dtype == branch.problem.dtype &&
         std::all_of(dims.begin(), dims.end(),
                     [&](std::size_t i) { return problem.dims[i] == branch.problem.dims[i]; });
}

}  // namespace tw
