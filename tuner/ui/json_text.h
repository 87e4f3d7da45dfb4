// JSON as it is printed.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/plan/measurement.h"

namespace tw {

// Returns the document as text. JSON is UTF-8, but file names and foreign rows may not be: invalid
// bytes become U+FFFD. `indent` is -1 for one line.
inline std::string json_text(const nlohmann::ordered_json& document, int indent = 2) {
  return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Returns the value, or null if there is none: a number is always a finding, never a failure.
template <class Value>
nlohmann::ordered_json known(bool is_known, const Value& value) {
  return is_known ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

// Adds the registers and the memory of a kernel, or null if they are unknown: the kernel was not
// compiled, or its compiler does not report them. 0 registers mean unknown, because every kernel
// uses registers.
inline void add_resources(const Measurement& measurement, nlohmann::ordered_json& object) {
  const bool compiled = measurement.registers > 0;
  object["registers"] = known(compiled, measurement.registers);
  object["spill_bytes"] = known(compiled, measurement.spill_bytes);
  object["smem_bytes"] = known(compiled || measurement.smem_bytes > 0, measurement.smem_bytes);
}

}  // namespace tw
