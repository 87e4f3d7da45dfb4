// Judges an output against the oracle.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "plan.h"

namespace tw::cpu {

struct Verdict {
  double worst_ulps = 0;  // the largest error in ulps of the magnitude; infinite for a NaN
  std::string wrong;      // "c[12,7] = 1.5, expected 2.25, ..."; empty: within the tolerance
  std::string stray;      // an element between the rows was written; empty: none
};

// `before`: the bytes of the tensor before the run. `expected` and `magnitude` have its layout.
Verdict judge(const PlanTensor& tensor, const std::byte* actual, const std::byte* before,
              std::span<const double> expected, std::span<const double> magnitude,
              double tolerance_ulps);

}  // namespace tw::cpu
