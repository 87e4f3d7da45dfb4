// The headers of C and C++ that NVRTC lacks.
#pragma once
#include "core/base/texts.h"

namespace tw::cuda {

// Returns the headers by name, "stdint.h" and "limits" among them. Those of C need nothing else.
// Those of C++ take their content from <cuda/std/...>. Headers that make sense only in host code,
// like <iostream>, are not among them.
const Texts& standard_headers();

}  // namespace tw::cuda
