// The names of the cuda device's worker processes: `tune __worker cuda-compile`.
#pragma once
#include <string_view>

namespace tw {

inline constexpr std::string_view cuda_compile_role = "cuda-compile";
inline constexpr std::string_view cuda_measure_role = "cuda-measure";

}  // namespace tw
