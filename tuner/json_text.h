// JSON as it is printed.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace tw {

// Names of files and rows of others may be no UTF-8, which JSON is: what is not becomes U+FFFD.
// `indent`: -1 for one line.
inline std::string json_text(const nlohmann::ordered_json& document, int indent = 2) {
  return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tw
