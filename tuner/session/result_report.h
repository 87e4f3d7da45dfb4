// The report of a finished search: a table for people, JSON for programs (docs/json.md).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "session/session.h"
#include "session/setup/device_choice.h"
#include "session/setup/session_setup.h"

namespace tw {

struct Report {
  Setup setup;
  SessionResult result;
  DeviceInfo device;
  std::string why;                      // OpenDevice::why
  std::vector<std::string> recordings;  // their paths; empty if the device is live
};

// Returns half the width of the median's interval relative to the median, as text: "0.3 %"; empty
// if there are too few samples.
std::string interval_text(const Measurement& measurement);

// The fastest library of a result; nothing if none was measured.
struct FastestBaseline {
  std::string library;
  double median_ns = 0;
};
std::optional<FastestBaseline> fastest_baseline(const SessionResult& result);

// Returns the table: `top` rows at most, and the defaults and baselines below them.
std::string result_text(const Report& report, std::int64_t top);
// Returns one element of "results".
nlohmann::ordered_json result_json(const Report& report, std::int64_t top);

}  // namespace tw
