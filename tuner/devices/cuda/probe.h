// The questions of `tune doctor` and --device auto about this machine.
#pragma once
#include <string_view>

#include "devices/cuda/cuda.h"

namespace tw::cuda {

// The measuring worker's first frame is one of these words, or an ordinal. After an ordinal,
// counting_word may follow: the worker then counts and does not time.
inline constexpr std::string_view probe_word = "probe", presence_word = "present",
                                  counting_word = " counts";
// Called in a worker: initialises the driver, loads NVRTC and, if `all`, the other libraries, which
// takes longer.
CudaProbe probe_here(bool all);

}  // namespace tw::cuda
