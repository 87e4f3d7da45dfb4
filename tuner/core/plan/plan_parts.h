// The parts of lowering that kernels and baselines share. Private to the core.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/plan.h"

namespace tw {

inline constexpr const char* types_name = "t0";  // of a program's types_text

// Returns "static constexpr tw::gemm::Choices choices{tw::gemm::Layout::nt};"; empty if the op has
// no choices. `root` replaces the namespace tw.
std::string choices_text(const OpSpec& op, const Problem& problem, const std::string& root);
// Lowers what does not depend on a kernel: tensors, epilogue, tolerance and reference. Throws Error
// if a size has no value.
Plan lower_problem(const Catalog& catalog, const OpSpec& op, const Problem& problem,
                   const DeviceInfo& device);
// Returns the arguments by the adaptor's words, in alphabetical order. `tensors` are the tensors of
// the plan. Throws Error if an argument has no value.
std::vector<std::pair<std::string, PlanArg>> lower_baseline_args(
    const OpSpec& op, const Problem& problem, const DeviceInfo& device,
    const BaselineSpec& baseline, const std::vector<PlanTensor>& tensors);

}  // namespace tw
