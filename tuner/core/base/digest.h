// Content digests. They are the keys of the cubin cache, the trials and the emitted headers.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// Returns the 128-bit XXH3 of the text as 32 lower-case hexadecimal digits.
std::string digest(std::string_view text);

}  // namespace tw
