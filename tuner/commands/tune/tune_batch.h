// Tunes the problems of a command line: one after another, or as many at the same time as there are
// workers.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "devices/event_log.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/list_report.h"
#include "session/setup/calibration.h"
#include "session/setup/device_choice.h"
#include "session/setup/session_setup.h"

namespace tw {

struct TuneOptions {
  MeasuringOptions measuring;
  Budget budget;
  std::string strategy, kernel, command_line;
  std::string spec;  // of --spec, or what --save-spec writes
  bool is_from_source = false;
  std::int64_t top = 10;
  int finalists = 8;
  bool json = false;
  bool timings = false;  // show where the time of each problem went
  // GPUs that tune problems of their own are compared so often.
  std::chrono::milliseconds calibrate_every = tw::calibrate_every;
};

// The results of a command line.
struct ListOutcome {
  ListReport list;                              // an entry for each problem
  std::vector<nlohmann::ordered_json> results;  // an element for each problem; only for JSON
  std::vector<std::string> next_steps;          // without repetitions
};

// Returns the key of a problem; empty if it is that of a foreign recording.
std::string key_of(const Asked& asked);

// Tunes each problem, and shows its result on stdout unless the options ask for JSON. If the device
// has several workers, and the list at least as many problems, each worker tunes problems of its
// own. Writes into `outcome` what was found, also before it throws. Throws Error for faults of the
// machine. The objects must outlive the call.
void tune_all(const Catalog& catalog, const TuneOptions& options,
              const std::vector<Asked>& problems, DeviceChooser& chooser, const EventLog& log,
              ListOutcome& outcome);

}  // namespace tw
