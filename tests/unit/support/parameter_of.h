// The place of a launch's argument among the kernel's parameters.
#pragma once
#include <cstddef>
#include <vector>

#include "core/plan/plan.h"

namespace tw {

// Returns the index of the parameter that is, or contains, args[index].
inline std::size_t parameter_of(const std::vector<PlanArg>& args, std::size_t index) {
  std::size_t parameter = 0;
  for (std::size_t i = 1; i <= index; ++i) {
    const bool same_struct = args[i].structure > 0 && args[i].structure == args[i - 1].structure;
    if (!same_struct) ++parameter;
  }
  return parameter;
}

}  // namespace tw
