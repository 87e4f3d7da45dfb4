#include "core/lowering/verdict.h"

#include <fmt/format.h>

#include "core/base/digest.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan_cbor.h"

namespace tw {

std::string verdict_digest(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, const std::string& default_configuration) {
  const OpSpec& op = catalog.at(kernel.op).op;
  ProblemPlan plan = *lower_problem(catalog, problem, device);
  for (PlanTensor& tensor : plan.tensors) {  // the digests of files count, not where they are
    tensor.values.file.path.clear();
    if (tensor.expected) tensor.expected->file.path.clear();
  }
  PartsSent parts;
  std::string text = encoded(plan, parts);
  const auto add = [&](std::string_view name, const auto& value) {
    text += fmt::format("{} = {}\n", name, value);
  };
  for (std::size_t i = 0; i < op.dims.size(); ++i) add(op.dims[i].name, problem.dims[i]);
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    add(op.choices[i].name, op.choices[i].values[static_cast<std::size_t>(problem.choices[i])]);
  }
  for (std::size_t i = 0; i < op.scalars.size(); ++i) add(op.scalars[i].name, problem.scalars[i]);
  if (!op.header.empty()) {
    for (const auto& [path, source] : catalog.sources_of(op.header)) add(path, source);
  }
  add("macros", kernel.knobs_are_macros);
  if (plan.oracle.kind == OraclePlan::Kind::none) add("oracle", default_configuration);
  return digest(text);
}

}  // namespace tw
