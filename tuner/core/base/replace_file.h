// Files that are written as a whole or not at all.
#pragma once
#include <string>
#include <string_view>
#include <system_error>

namespace tw {

// Under a temporary name beside `path`, then renamed: what reads `path` sees the old bytes or the
// new ones. Writes through no link, be it at `path` or at the temporary name.
std::error_code replace_file(const std::string& path, std::string_view bytes);

}  // namespace tw
