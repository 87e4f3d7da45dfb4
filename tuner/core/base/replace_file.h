// Writes files as a whole or not at all.
#pragma once
#include <string>
#include <string_view>
#include <system_error>

namespace tw {

// Writes the bytes under a temporary name beside `path`, then renames the file. A reader of `path`
// sees either the old bytes or the new ones. Never writes through a link, neither at `path` nor at
// the temporary name.
std::error_code replace_file(const std::string& path, std::string_view bytes);

}  // namespace tw
