// Where the CUDA toolkit is installed. Needs neither its headers nor its libraries.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace tw {

// Returns the folders in which toolkits are searched: $CUDA_PATH, $CUDA_HOME, the folders around
// `library`, which is a library of a toolkit or empty, and the usual places.
std::vector<std::filesystem::path> toolkit_roots(const std::filesystem::path& library = {});

// The headers of a toolkit, for kernels of others that include <cuda_fp16.h> or <cuda/std/...>.
struct ToolkitHeaders {
  // The folders that a compiler searches, in order; empty if there are no headers. They hold no
  // other headers than the toolkit's.
  std::vector<std::string> folders;
  std::string libcudacxx;  // the folder that holds cuda/std and nv; empty if there is none
  std::string version;     // "13.0"; empty if there are no headers
  std::string identity;    // distinguishes the headers from others, of CCCL too

  bool exist() const { return !folders.empty(); }
};
// Returns the headers of the first root that has them.
ToolkitHeaders toolkit_headers(const std::filesystem::path& library = {});

}  // namespace tw
