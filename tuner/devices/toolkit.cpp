#include "devices/toolkit.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace tw {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Returns the number that a header defines as `macro`; 0 if it defines none.
int number_defined(const fs::path& header, const std::string& macro) {
  std::ifstream file(header);
  const std::string begin = "#define " + macro + ' ';
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(begin)) return std::atoi(line.c_str() + begin.size());
  }
  return 0;
}

// Returns whether the folder has the toolkit's headers and no others. A folder of the system would
// open all files of the machine that are headers to the kernels of others.
bool is_include_folder(const fs::path& folder) {
  return is_there(folder / "cuda_fp16.h") && !is_there(folder / "stdio.h");
}

ToolkitHeaders headers_in(const fs::path& include) {
  ToolkitHeaders headers;
  // The last three are for quoted includes between headers, which NVRTC does not search beside the
  // including file: see --no-source-include.
  for (const char* below :
       {"", "cccl", "cooperative_groups", "cooperative_groups/details", "crt"}) {
    const fs::path folder = *below ? include / below : include;
    if (is_there(folder)) headers.folders.push_back(folder.string());
  }
  // Python's packages put CCCL beside the runtime: nvidia/cuda_runtime, nvidia/cuda_cccl.
  const fs::path packaged = include.parent_path().parent_path() / "cuda_cccl" / "include";
  for (const fs::path& folder : {include / "cccl", include, packaged}) {
    if (!headers.libcudacxx.empty() || !is_there(folder / "cuda" / "std")) continue;
    headers.libcudacxx = folder.string();
    if (folder == packaged) headers.folders.push_back(headers.libcudacxx);
  }
  const int version = number_defined(include / "cuda_runtime_api.h", "CUDART_VERSION");
  const fs::path cccl = fs::path(headers.libcudacxx) / "cuda" / "std" / "__cccl" / "version.h";
  headers.version = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  headers.identity = fmt::format("headers {} {}", version, number_defined(cccl, "CCCL_VERSION"));
  return headers;
}

}  // namespace

std::vector<fs::path> toolkit_roots(const fs::path& library) {
  std::vector<fs::path> roots;
  for (const char* variable : {"CUDA_PATH", "CUDA_HOME"}) {
    if (const char* value = std::getenv(variable); value && *value) roots.emplace_back(value);
  }
  if (!library.empty()) {
    const fs::path root = library.parent_path().parent_path();
    roots.push_back(root);
    roots.push_back(root.parent_path() / "cuda_runtime");  // Python's packages: nvidia/cuda_nvrtc
  }
  roots.emplace_back("/usr/local/cuda");
  roots.emplace_back("/opt/cuda");
  return roots;
}

ToolkitHeaders toolkit_headers(const fs::path& library) {
  for (const fs::path& root : toolkit_roots(library)) {
    for (const char* below :
         {"targets/x86_64-linux/include", "targets/sbsa-linux/include", "include"}) {
      if (is_include_folder(root / below)) return headers_in(root / below);
    }
  }
  return {};
}

}  // namespace tw
