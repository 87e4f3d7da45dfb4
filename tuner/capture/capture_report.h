// The result of a capture: as a list for --shapes, as text for people, and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "capture/findings.h"
#include "capture/log_files.h"

namespace tw::capture {

struct CaptureReport {
  std::string source;  // the command, or the names of the logs
  std::string list;    // where the list was written
  LogFiles logs;
  int exit_code = 0;  // of the program
};

// Returns the list: a problem a line with its calls (count=), and what is not in it as comments.
std::string list_of(const Findings& findings, const CaptureReport& report);
// Returns two tables: the problems, and the calls that are not in the list with the reasons.
std::string capture_text(const Findings& findings, const CaptureReport& report);
nlohmann::ordered_json capture_json(const Findings& findings, const CaptureReport& report);

}  // namespace tw::capture
