// Lowers what does not depend on a kernel.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <variant>

#include "core/base/error.h"
#include "core/lowering/lowering.h"
#include "core/lowering/lowering_parts.h"
#include "core/lowering/variant_text.h"

namespace tw {
namespace {

// Adds the program of a reference that gives values. It gets the macros of the op's first kernel
// with macros, with the default value of each knob, because it may stand in the same file.
void add_value_program(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                       OraclePlan& oracle) {
  const std::vector<KernelSpec>& kernels = catalog.at(op.name).kernels;
  const auto kernel = std::find_if(kernels.begin(), kernels.end(),
                                   [](const KernelSpec& one) { return one.knobs_are_macros; });
  const bool is_beside = kernel != kernels.end() && kernel->source == op.reference_source;
  oracle.program =
      macro_program(catalog, op, op.reference_source, problem, is_beside ? &*kernel : nullptr);
  if (kernel == kernels.end()) return;
  std::vector<std::int64_t> defaults;
  for (const Knob& knob : kernel->knobs) defaults.push_back(knob.values.front());
  add_macros(*kernel, defaults, oracle.program);
  if (!is_beside) return;
  for (const ConstantSpec& constant : kernel->constants) {
    oracle.program.symbols.push_back(constant.symbol);
    oracle.constants.push_back(index_of(op.tensors, constant.tensor));
  }
}

void add_reference(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                   const DeviceInfo& device, Slots slots, ProblemPlan& plan) {
  if (op.has_expected()) plan.oracle.kind = OraclePlan::Kind::given;
  if (op.reference_source.empty()) return;
  plan.oracle.kind =
      op.reference_gives_values ? OraclePlan::Kind::values : OraclePlan::Kind::reference;
  if (op.reference_gives_values) {
    add_value_program(catalog, op, problem, plan.oracle);
  } else {
    plan.oracle.program =
        typed_program(catalog, op, problem, op.reference_source,
                      fmt::format("struct v0 {{\n{}}};\n", choices_text(op, problem, "tw")));
  }
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

std::optional<TensorValues> lower_expected(const TensorSpec& tensor, const Problem& problem,
                                           Slots slots) {
  if (!tensor.expected) return std::nullopt;
  auto values = find_expected(tensor, problem.dtype, slots);
  if (const auto* refusal = std::get_if<Refusal>(&values)) throw Invalid{refusal->reason};
  return std::get<TensorValues>(std::move(values));
}

TensorValues lower_values(const TensorSpec& tensor, const Problem& problem, Slots slots) {
  auto values = find_values(tensor, problem.dtype, slots);
  if (const auto* refusal = std::get_if<Refusal>(&values)) throw Invalid{refusal->reason};
  return std::get<TensorValues>(std::move(values));
}

}  // namespace

std::shared_ptr<const ProblemPlan> lower_problem(const Catalog& catalog, const Problem& problem,
                                                 const DeviceInfo& device) {
  const OpSpec& op = catalog.at(problem.op).op;
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, device);
  ProblemPlan plan;
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
      plan.tensors.push_back(
          {tensor.name, tensor.role, dtype, layout_of(tensor, slots), is_read, by_pointers,
           lower_fill(tensor.second, slots), lower_range(tensor, problem, slots),
           lower_values(tensor, problem, slots), lower_expected(tensor, problem, slots),
           tensor.is_compared, lower_tolerance(op, tensor, problem, slots), tensor.absolute,
           tensor.relative});
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
  return std::make_shared<const ProblemPlan>(std::move(plan));
}

}  // namespace tw
