#include "core/text/toml_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace tw {

// JSON's escapes are also TOML's.
std::string toml_string(std::string_view text) {
  using nlohmann::json;
  std::string result = json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
  for (std::size_t at; (at = result.find('\x7f')) != result.npos;) {  // bare in JSON, never in TOML
    result.replace(at, 1, "\\u007F");
  }
  return result;
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> list;
  for (const std::string& text : texts) list.push_back(toml_string(text));
  return fmt::format("{}", fmt::join(list, ", "));
}

std::string toml_real(double value) {
  const std::string digits = fmt::format("{}", value);
  return digits.find_first_of(".en") == std::string::npos ? digits + ".0" : digits;
}

}  // namespace tw
