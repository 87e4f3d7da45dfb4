// Dynamic shared memory as CUDA's authors declare it.
#pragma once
#include "core/base/texts.h"

namespace tw::cpu {

// Returns the sources with each `extern __shared__ float tile[];` replaced by what means the same
// on this device: a pointer in a function or in a macro, and a macro at namespace scope, where
// nothing may run. The specifiers may be a macro of any of the sources. Lines keep their numbers.
Texts with_dynamic_shared(const Texts& sources);

}  // namespace tw::cpu
