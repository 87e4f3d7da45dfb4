#include "core/plan/plan.h"

#include <algorithm>
#include <span>

namespace tw {

// Hosts and devices are little-endian, so that the low bytes come first.
std::vector<std::byte> number_bytes(const PlanArg& arg) {
  const auto bytes = std::as_bytes(std::span(&arg.value, 1));
  return {bytes.begin(), bytes.begin() + arg.bytes};
}

std::vector<std::vector<std::byte>> parameters_of(
    const std::vector<PlanArg>& args, const std::vector<std::vector<std::byte>>& values) {
  std::vector<std::vector<std::byte>> parameters;
  std::size_t alignment = 1;  // of the struct that is being filled
  const auto pad_to = [&](std::size_t bytes) {
    std::vector<std::byte>& last = parameters.back();
    last.resize((last.size() + bytes - 1) / bytes * bytes);
  };
  for (std::size_t i = 0; i < args.size(); ++i) {
    const int structure = args[i].structure;
    const std::vector<std::byte>& value = values[i];
    if (structure == 0 || i == 0 || args[i - 1].structure != structure) {
      parameters.emplace_back();
      alignment = 1;
    }
    if (structure > 0) pad_to(value.size());  // a member is aligned to its size
    parameters.back().insert(parameters.back().end(), value.begin(), value.end());
    alignment = std::max(alignment, value.size());
    const bool is_last = i + 1 == args.size() || args[i + 1].structure != structure;
    if (structure > 0 && is_last) pad_to(alignment);
  }
  return parameters;
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
