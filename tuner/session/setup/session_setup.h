// Makes a session's request from what the user asked for and the device: which kernels compete, in
// which spaces, under which keys of the database.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/run/session_request.h"
#include "session/setup/device_choice.h"
#include "ui/progress/progress.h"

namespace tw {

// Returns the flags of every command that measures.
std::vector<Flag> measuring_flags();

// The values of these flags.
struct MeasuringOptions {
  std::string database;
  Objective objective = Objective::time;
  SampleLimits limits;
  std::uint64_t seed = 1;
  double patience_s = 10;  // seconds that a configuration may take on the cpu device
  bool fresh = false, baseline = true, counters = true;
  Progress::Detail detail = Progress::Detail::line;
};
MeasuringOptions measuring_options(const Arguments& arguments);

// A problem on a device, ready to run. A foreign recording has no op; then `asked.entry` is
// nullptr.
struct Setup {
  SessionRequest request;
  double flops = 0, bytes = 0;       // of one call; 0: unknown
  bool has_reference = true;         // false: the default configuration is the oracle
  bool compares = true;              // false: no output is compared with an oracle
  std::vector<std::string> notices;  // kernels that do not serve the problem, a stale recording
};
// Returns the default configuration of a kernel's space as text if its results count as right,
// because there is no reference. Otherwise, or if there is no valid configuration, the text is
// empty.
std::string default_configuration(const OpSpec& op, const KernelSpec& kernel,
                                  const Problem& problem, const DeviceInfo& device);

// Returns the set-up. Throws Error if no kernel serves the problem, if its tensors exceed the
// device's memory, if it would take the cpu device too long, or if the device does not measure the
// objective.
Setup set_up(const Catalog& catalog, const Asked& asked, const std::string& kernel,
             const OpenDevice& opened, const MeasuringOptions& options);

}  // namespace tw
