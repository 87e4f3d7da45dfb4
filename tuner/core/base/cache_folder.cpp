#include "core/base/cache_folder.h"

#include <cstdlib>

namespace tw {

std::filesystem::path cache_folder() {
  const std::filesystem::path name = "tilewright";
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg && *xdg) return xdg / name;
  const char* home = std::getenv("HOME");
  if (home && *home) return std::filesystem::path(home) / ".cache" / name;
  return {};
}

}  // namespace tw
