// Whole files in and out of memory, plain or gzip; for what people pass on to each other.
#pragma once
#include <cstddef>
#include <string>

namespace tw {

// Twenty times the largest public recordings; parsed, it takes some gigabytes.
inline constexpr std::size_t largest_file_bytes = std::size_t{256} << 20;

// The bytes of a file. Throws Error, also beyond largest_file_bytes.
std::string read_bytes(const std::string& path);
// Themselves, or what they inflate to if they are gzip; `path` is for messages. Throws Error, also
// beyond largest_file_bytes.
std::string inflated(std::string bytes, const std::string& path);
// To a temporary name, then renamed; deflated if the path ends in .gz. Throws Error.
void write_atomically(const std::string& text, const std::string& path);

}  // namespace tw
