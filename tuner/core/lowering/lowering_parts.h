// The steps that the lowering of problems, configurations and baselines share. Private to the room.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "core/spec/spec.h"

namespace tw {

// The reason why a launch is not possible. It is thrown by the steps of lowering and
// never leaves them.
struct Invalid {
  std::string reason;
};

using Slots = std::span<const std::int64_t>;

inline std::int64_t value_of(const Expr& expr, Slots slots, std::string_view what) {
  if (const auto value = expr.evaluate(slots)) return *value;
  throw Invalid{fmt::format("{} \"{}\" has no value", what, expr.text())};
}

template <class Spec>
int index_of(const std::vector<Spec>& specs, const std::string& name) {
  const auto at =
      std::find_if(specs.begin(), specs.end(), [&](const Spec& spec) { return spec.name == name; });
  return static_cast<int>(at - specs.begin());
}

// Returns the evaluated argument. Throws Invalid.
PlanArg lower_arg(const OpSpec& op, const std::vector<WorkspaceSpec>& workspaces,
                  const Problem& problem, const ArgSpec& arg, Slots slots);
// Kernels and baselines get an array of pointers for a tensor by pointers; the reference gets the
// address of its first element. Throws Invalid.
void pass_by_pointers(PlanArg& arg, const std::vector<PlanTensor>& tensors);
// Returns the evaluated launch; it keeps the device's limits. Throws Invalid.
PlanLaunch lower_launch(const OpSpec& op, const std::vector<WorkspaceSpec>& workspaces,
                        const LaunchSpec& spec, const Problem& problem, const DeviceInfo& device,
                        Slots slots);

// Returns the program of sources that take their knobs by type.
Program typed_program(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                      const std::string& source, const std::string& variant);
// Returns the program of a source that takes its knobs as macros, with the macros of the problem. A
// kernel, unlike a reference, may say which these are.
Program macro_program(const Catalog& catalog, const OpSpec& op, const std::string& source,
                      const Problem& problem, const KernelSpec* kernel = nullptr);
// Adds a kernel's options, and its knobs as macros.
void add_macros(const KernelSpec& kernel, std::span<const std::int64_t> configuration,
                Program& program);
// Returns the index of `entry` among the program's entries. A new entry is instantiated and added.
int entry_index(const OpSpec& op, Program& program, const std::string& entry,
                const Problem& problem);

// Returns the arguments by the adaptor's words, in alphabetical order. `tensors` are the tensors of
// the plan. Throws Error if an argument has no value.
std::vector<std::pair<std::string, PlanArg>> lower_baseline_args(
    const OpSpec& op, const Problem& problem, const DeviceInfo& device,
    const BaselineSpec& baseline, const std::vector<PlanTensor>& tensors);

}  // namespace tw
