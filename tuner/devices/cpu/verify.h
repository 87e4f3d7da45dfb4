// Compares an output in host memory with the oracle.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "core/plan/plan.h"
#include "devices/comparison.h"

namespace tw::cpu {

struct Verdict {
  Comparison found;
  std::string note;  // what is wrong; empty if nothing is
};

// Compares a tensor. `before` is the tensor's bytes before the run. `expected` and `magnitude` have
// the tensor's layout.
Verdict judge(const ProblemPlan& plan, const PlanTensor& tensor, const std::byte* actual,
              const std::byte* before, std::span<const double> expected,
              std::span<const double> magnitude);

}  // namespace tw::cpu
