#pragma once
#include <string_view>

#include "devices/gpu/protocol/platform.h"

namespace tw {

// The names of the cuda device's worker processes: `tune __worker cuda-compile`.
inline constexpr std::string_view cuda_compile_role = "cuda-compile";
inline constexpr std::string_view cuda_measure_role = "cuda-measure";

namespace cuda {

inline gpu::Platform platform() {
  return {.compile_role = std::string(cuda_compile_role),
          .measure_role = std::string(cuda_measure_role),
          .driver = "the CUDA driver",
          .compiler = "NVRTC"};
}

}  // namespace cuda
}  // namespace tw
