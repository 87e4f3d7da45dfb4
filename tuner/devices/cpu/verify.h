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
  std::string note;  // of what is wrong; empty: nothing is
};

// `before`: the bytes of the tensor before the run. `expected` and `magnitude` have its layout.
Verdict judge(const Plan& plan, const PlanTensor& tensor, const std::byte* actual,
              const std::byte* before, std::span<const double> expected,
              std::span<const double> magnitude);

}  // namespace tw::cpu
