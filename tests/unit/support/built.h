// Where the build has put a file. Test executables are in tests/unit of the build tree. Definitions
// with the build tree's path would keep ccache from sharing objects between build trees.
#pragma once
#include <filesystem>
#include <string>

namespace tw {

inline std::string built(const std::string& path) {
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe");
  return (executable.parent_path() / "../.." / path).lexically_normal().string();
}

}  // namespace tw
