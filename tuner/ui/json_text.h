// JSON as it is printed.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/plan/measurement.h"

namespace tw {

// Names of files and rows of others may be no UTF-8, which JSON is: what is not becomes U+FFFD.
// `indent`: -1 for one line.
inline std::string json_text(const nlohmann::ordered_json& document, int indent = 2) {
  return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The value, or null where there is none: a number stands for what was found, never for a failure.
template <class Value>
nlohmann::ordered_json known(bool is_known, const Value& value) {
  return is_known ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

// What was not compiled, or not by a compiler that says it, has no registers: no kernel does without.
inline void add_resources(const Measurement& measurement, nlohmann::ordered_json& object) {
  const bool compiled = measurement.registers > 0;
  object["registers"] = known(compiled, measurement.registers);
  object["spill_bytes"] = known(compiled, measurement.spill_bytes);
  object["smem_bytes"] = known(compiled || measurement.smem_bytes > 0, measurement.smem_bytes);
}

}  // namespace tw
