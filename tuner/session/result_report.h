// What a finished search says: a table for people, JSON for programs (docs/json.md).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "session/device_choice.h"
#include "session/session.h"
#include "session/session_setup.h"

namespace tw {

struct Report {
  Setup setup;
  SessionResult result;
  DeviceInfo device;
  std::string why;                      // of OpenDevice
  std::vector<std::string> recordings;  // their paths; none: the device is live
};

// `top` rows at most, and the defaults and baselines below them.
std::string result_text(const Report& report, std::int64_t top);
// One element of "results".
nlohmann::ordered_json result_json(const Report& report, std::int64_t top);

}  // namespace tw
