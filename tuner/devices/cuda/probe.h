// What `tune doctor` and --device auto ask about this machine.
#pragma once
#include <string_view>

#include "devices/cuda/cuda.h"

namespace tw::cuda {

// The measuring worker's first frame: one of these words, or an ordinal, after which may stand that
// it counts and does not time.
inline constexpr std::string_view probe_word = "probe", presence_word = "present",
                                  counting_word = " counts";
// In a worker: starts the driver, loads NVRTC and, if `all`, the other libraries, which takes
// longer.
CudaProbe probe_here(bool all);

}  // namespace tw::cuda
