#include "core/plan/plan.h"

#include <span>

namespace tw {

// Hosts and devices are little-endian, so that the low bytes come first.
std::vector<std::byte> number_bytes(const PlanArg& arg) {
  const auto bytes = std::as_bytes(std::span(&arg.value, 1));
  return {bytes.begin(), bytes.begin() + arg.bytes};
}

OraclePlan oracle_of(const Plan& plan) {
  return {OraclePlan::Kind::configuration, plan.program, plan.launches, plan.workspaces,
          plan.constants};
}

Plan plan_of_oracle(const std::shared_ptr<const ProblemPlan>& problem) {
  Plan own;
  own.problem = problem;
  own.launches = problem->oracle.launches;
  own.workspaces = problem->oracle.workspaces;
  own.constants = problem->oracle.constants;
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
