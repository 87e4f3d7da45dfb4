#include "emit/tuning/given_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/spec/compiler_options.h"
#include "core/spec/sources.h"

namespace tw {

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

std::vector<std::size_t> compiled_dims(const Catalog& catalog, const KernelSpec& kernel) {
  std::vector<std::size_t> compiled;
  if (!kernel.knobs_are_macros) return compiled;
  const OpSpec& op = catalog.at(kernel.op).op;
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
        any(kernel.launches, in_entry)) {
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
