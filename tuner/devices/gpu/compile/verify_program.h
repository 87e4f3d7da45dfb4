// The program that the compile workers compile beside the variants: kernels/common/verify.cuh.
#pragma once
#include "core/plan/plan.h"

namespace tw::gpu {

// Returns the program, which is the same for every problem.
Program verify_program();

}  // namespace tw::gpu
