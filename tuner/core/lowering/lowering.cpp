// Lowers configurations: evaluates every expression of a kernel, and writes the variant's program.
#include "core/lowering/lowering.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/lowering/lowering_parts.h"
#include "core/lowering/variant_text.h"
#include "core/spec/kernel_name.h"

namespace tw {
namespace {

PlanWorkspace lower_workspace(const WorkspaceSpec& spec, const DeviceInfo& device, Slots slots) {
  const std::int64_t bytes = value_of(spec.bytes, slots, "workspace " + spec.name + ":");
  const bool too_large = device.memory_bytes > 0 && bytes > device.memory_bytes;
  if (bytes < 0 || too_large) {
    throw Invalid{fmt::format("workspace {} of {} bytes: the device has {}", spec.name, bytes,
                              device.memory_bytes)};
  }
  return {bytes, spec.init};
}

// Returns the text of a dim, a choice or a knob among the template arguments of an entry. A number
// below zero is in parentheses, so that the mark before it is not joined to its sign.
std::string text_of_value(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                          std::span<const std::int64_t> configuration, const std::string& name) {
  std::string text;
  const int slot = *kernel.names.find(name);
  const auto at = static_cast<std::size_t>(slot), dims = op.dims.size();
  if (at < dims) {
    text = fmt::format("{}", problem.dims[at]);
  } else if (slot < kernel.first_knob) {
    const auto value = static_cast<std::size_t>(problem.choices[at - dims]);
    text = op.choices[at - dims].values[value];
  } else {
    const auto knob = static_cast<std::size_t>(slot - kernel.first_knob);
    text = kernel.knobs[knob].text(configuration[knob]);
  }
  return text.starts_with('-') ? fmt::format("({})", text) : text;
}

// Returns the entry of a launch with the values of the names in it.
std::string entry_of(const OpSpec& op, const KernelSpec& kernel, const LaunchSpec& launch,
                     const Problem& problem, std::span<const std::int64_t> configuration) {
  return with_values(launch.entry, [&](std::string_view name) {
    return text_of_value(op, kernel, problem, configuration, std::string(name));
  });
}

// Returns the program of a configuration, without its entries.
Program program_of(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                   std::span<const std::int64_t> configuration) {
  const OpSpec& op = catalog.at(kernel.op).op;
  Program program = kernel.knobs_are_macros
                        ? given_code(catalog, kernel, problem, configuration).program
                        : typed_program(catalog, op, problem, kernel.source,
                                        variant_text(op, kernel, problem, configuration, "v0"));
  for (const ConstantSpec& constant : kernel.constants) program.symbols.push_back(constant.symbol);
  return program;
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

}  // namespace

Lowering::Lowering(const Catalog& catalog, const Problem& problem, const DeviceInfo& device)
    : catalog_(&catalog),
      problem_(problem),
      device_(device),
      plan_(lower_problem(catalog, problem, device)) {
  const OpSpec& op = catalog.at(problem.op).op;
  if (op.reference_source.empty() || !problem.epilogue.hides()) return;
  if (auto plain = without_chain(op, problem)) {
    auto plan = lower_problem(catalog, *plain, device);
    plain_ = {std::move(*plain), std::move(plan)};
  }
}

void Lowering::set_oracle(const OraclePlan& oracle) {
  ProblemPlan plan = *plan_;
  plan.oracle = oracle;
  plan_ = std::make_shared<const ProblemPlan>(std::move(plan));
}

LoweredPlan Lowering::lower(const KernelSpec& kernel,
                            std::span<const std::int64_t> configuration) const {
  if (configuration.size() != kernel.knobs.size()) {
    throw Error(fmt::format("kernel {} has {} knobs, the configuration has {} values", kernel.name,
                            kernel.knobs.size(), configuration.size()));
  }
  LoweredPlan result = lower_for(problem_, plan_, kernel, configuration);
  if (result.invalid.empty()) result.plan.plain = plain_of(kernel, configuration);
  return result;
}

std::vector<Plan> Lowering::plain_of(const KernelSpec& kernel,
                                     std::span<const std::int64_t> configuration) const {
  if (!plain_ || !serves(kernel, slots_for(plain_->problem, kernel, configuration))) return {};
  LoweredPlan lowered = lower_for(plain_->problem, plain_->plan, kernel, configuration);
  if (!lowered.invalid.empty()) return {};
  return {std::move(lowered.plan)};
}

// Returns the slots of a kernel's expressions, with the values of its knobs.
std::vector<std::int64_t> Lowering::slots_for(const Problem& problem, const KernelSpec& kernel,
                                              std::span<const std::int64_t> configuration) const {
  std::vector<std::int64_t> slots =
      slots_of(catalog_->at(kernel.op).op, kernel.names, problem, device_);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  return slots;
}

// Lowers a configuration, without Plan::plain, for the problem or the problem without its chain.
LoweredPlan Lowering::lower_for(const Problem& problem,
                                const std::shared_ptr<const ProblemPlan>& shared,
                                const KernelSpec& kernel,
                                std::span<const std::int64_t> configuration) const {
  const OpSpec& op = catalog_->at(kernel.op).op;
  LoweredPlan result;
  Plan& plan = result.plan;
  plan.problem = shared;
  plan.program = program_of(*catalog_, kernel, problem, configuration);
  for (const ConstantSpec& constant : kernel.constants) {
    plan.constants.push_back(index_of(op.tensors, constant.tensor));
  }
  const std::vector<std::int64_t> slots = slots_for(problem, kernel, configuration);
  try {
    for (const WorkspaceSpec& workspace : kernel.workspaces) {
      plan.workspaces.push_back(lower_workspace(workspace, device_, slots));
    }
    for (const LaunchSpec& launch : kernel.launches) {
      if (value_of(launch.when, slots, "when") == 0) continue;
      plan.launches.push_back(lower_launch(op, kernel.workspaces, launch, problem, device_, slots));
      const std::string entry = entry_of(op, kernel, launch, problem, configuration);
      plan.launches.back().entry = entry_index(op, plan.program, entry, problem);
      for (PlanArg& arg : plan.launches.back().args) pass_by_pointers(arg, shared->tensors);
    }
    if (plan.launches.empty()) throw Invalid{"no [[launch]] applies"};
  } catch (const Invalid& fault) {
    result.invalid = fault.reason;
  }
  return result;
}

GivenCode given_code(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                     std::span<const std::int64_t> configuration) {
  const OpSpec& op = catalog.at(kernel.op).op;
  GivenCode code{macro_program(catalog, op, kernel.source, problem, &kernel), {}};
  add_macros(kernel, configuration, code.program);
  for (const LaunchSpec& launch : kernel.launches) {
    code.entries.push_back(entry_of(op, kernel, launch, problem, configuration));
  }
  return code;
}

ConfigurationCode code_of(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                          std::span<const std::int64_t> configuration) {
  const OpSpec& op = catalog.at(kernel.op).op;
  ConfigurationCode code{program_of(catalog, kernel, problem, configuration), {}};
  for (const LaunchSpec& launch : kernel.launches) {
    const std::string entry = entry_of(op, kernel, launch, problem, configuration);
    code.entries.push_back(entry_index(op, code.program, entry, problem));
  }
  return code;
}

LoweredPlan lower(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device, std::span<const std::int64_t> configuration) {
  return Lowering(catalog, problem, device).lower(kernel, configuration);
}

}  // namespace tw
