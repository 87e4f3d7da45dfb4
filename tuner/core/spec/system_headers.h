// The headers that a kernel of others includes and that do not lie in its folder.
#pragma once
#include <string>
#include <string_view>

#include "core/base/texts.h"

namespace tw {

enum class HeaderKind {
  standard,  // of C or C++: <stdint.h>, <limits>
  toolkit,   // of the CUDA toolkit: <cuda_fp16.h>, <cuda/std/array>, <cub/cub.cuh>
  other
};
// Returns what the path in an #include names, by its name alone.
HeaderKind kind_of_header(std::string_view path);

// Returns where one of the sources includes the header, "saxpy.cu:3"; empty if none does.
std::string place_of_include(const Texts& sources, std::string_view path);

}  // namespace tw
