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
// Returns why replace_file(path) would fail now, before work whose result it is to hold. Does not
// change the file at `path`. A file that is not a regular one is not replaced either.
std::error_code check_replace_file(const std::string& path);

}  // namespace tw
