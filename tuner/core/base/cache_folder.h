#pragma once
#include <filesystem>

namespace tw {

// Returns the folder of everything that can be made anew: $XDG_CACHE_HOME/tilewright, or
// ~/.cache/tilewright. Returns an empty path if neither XDG_CACHE_HOME nor HOME is set.
std::filesystem::path cache_folder();

}  // namespace tw
