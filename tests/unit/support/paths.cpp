#include "unit/support/paths.h"

#include <filesystem>

namespace tw {

std::string source_path(const std::string& path) {
  return std::filesystem::exists(TW_SOURCE_DIR) ? TW_SOURCE_DIR "/" + path : path;
}

std::string test_data(const std::string& path) { return source_path("tests/data/" + path); }

}  // namespace tw
