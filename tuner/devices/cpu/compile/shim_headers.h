// The headers that a module may include besides those of the host compiler.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "core/base/texts.h"

namespace tw::cpu {

// Returns the shim, and headers of CUDA that declare nothing more than the shim does.
const Texts& shim_headers();

// Returns whether a header is one of libcu++: <cuda/std/...>, or <nv/target>, which these include.
bool is_of_libcudacxx(std::string_view header);

// Files and folders of the CUDA toolkit that a module may include, by their path in an #include:
// the parts of <cuda/std/...> whose threads do not wait for each other. Empty if there is no
// toolkit.
struct ToolkitLinks {
  std::map<std::string, std::filesystem::path> links;
  std::string identity;  // of the toolkit's headers
};
ToolkitLinks toolkit_links();

}  // namespace tw::cpu
