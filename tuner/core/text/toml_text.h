// Writes the values of TOML files.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// Returns a TOML string, with its quotes. Bytes that are no UTF-8 are replaced.
std::string toml_string(std::string_view text);
// Returns a TOML float: "2.5", "3.0", "1e+20".
std::string toml_real(double value);

}  // namespace tw
