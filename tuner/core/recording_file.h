// Whole files in and out of memory, plain or gzip; for what people pass on to each other.
#pragma once
#include <string>

namespace tw {

// The bytes of a file, inflated if they are gzip. Throws Error.
std::string read_inflated(const std::string& path);
// To a temporary name, then renamed; deflated if the path ends in .gz. Throws Error.
void write_atomically(const std::string& text, const std::string& path);

}  // namespace tw
