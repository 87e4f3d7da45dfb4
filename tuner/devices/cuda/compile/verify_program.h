// What the compile workers are asked for beside variants: kernels/common/verify.cuh.
#pragma once
#include "core/plan/plan.h"

namespace tw::cuda {

// The same for every problem.
Program verify_program();

}  // namespace tw::cuda
