// The result of a capture: as a list for --shapes, as text for people, and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "capture/calls/findings.h"
#include "capture/log_files.h"

namespace tw::capture {

struct CaptureReport {
  std::string source;  // the command, or the names of the logs
  std::string list{};  // the file of the list; empty if there is none
  LogFiles logs{};
  std::optional<int> exit_code{};  // of the program, if one ran
};

// Returns the list: a problem a line with its calls (count=), and what is not in it as comments.
std::string list_of(const Findings& findings, const CaptureReport& report);
// Returns two tables: the problems, and the calls that are not in the list with the reasons.
std::string capture_text(const Findings& findings, const CaptureReport& report);
nlohmann::ordered_json capture_json(const Findings& findings, const CaptureReport& report);

}  // namespace tw::capture
