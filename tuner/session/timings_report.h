// Shows where the time of a session went: a table for people, JSON for programs (docs/json.md).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "session/run/session_result.h"

namespace tw {

// Returns a table with a row for each phase.
std::string timings_text(const SessionResult& result);
// Returns [{"phase", "seconds", "awaiting_compilers_s", ...}].
nlohmann::ordered_json timings_json(const SessionResult& result);

}  // namespace tw
