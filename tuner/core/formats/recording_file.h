// Reads and writes whole files, plain or gzip, that people pass on to each other.
#pragma once
#include <cstddef>
#include <string>

namespace tw {

// Twenty times the largest public recording. A file of this size takes some gigabytes once it is
// parsed.
inline constexpr std::size_t largest_file_bytes = std::size_t{256} << 20;

// Returns the bytes of a file. Throws Error, also if there are more than largest_file_bytes.
std::string read_bytes(const std::string& path);
// Returns the bytes unchanged, or what they inflate to if they are gzip. `path` is for messages.
// Throws Error, also if there are more than largest_file_bytes.
std::string inflated(std::string bytes, const std::string& path);
// Writes under a temporary name, then renames the file. Deflates if the path ends in .gz. Throws
// Error.
void write_atomically(const std::string& text, const std::string& path);

}  // namespace tw
