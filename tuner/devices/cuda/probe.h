// The questions of `tune doctor` and --device auto about this machine.
#pragma once
#include <string_view>

#include "devices/cuda/cuda.h"

namespace tw::cuda {

// The measuring worker's first frame may be one of these words instead of an ordinal.
inline constexpr std::string_view probe_word = "probe", presence_word = "present";
// Called in a worker: initialises the driver, loads NVRTC and, if `all`, the other libraries, which
// takes longer.
CudaProbe probe_here(bool all);

}  // namespace tw::cuda
