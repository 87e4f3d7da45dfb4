// JSON as it is printed.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace tw {

// Names of files and rows of others may be no UTF-8, which JSON is: what is not becomes U+FFFD.
inline std::string json_text(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tw
