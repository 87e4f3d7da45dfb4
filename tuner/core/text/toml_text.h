// Writes the values of TOML files.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// Returns a TOML string, with its quotes. Bytes that are no UTF-8 are replaced.
std::string toml_string(std::string_view text);
// Returns the strings of a TOML list, without its brackets: "\"a\", \"b\"".
std::string toml_list(const std::vector<std::string>& texts);
// Returns a TOML float: "2.5", "3.0", "1e+20".
std::string toml_real(double value);

}  // namespace tw
