// From what was asked for and the device that answers to a session's request: which kernels
// compete, in which spaces, under which keys of the database.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/device_choice.h"
#include "session/session_request.h"
#include "ui/progress.h"

namespace tw {

// Flags of every command that measures.
std::vector<Flag> measuring_flags();

// What those flags say, and how the command reads.
struct MeasuringOptions {
  std::string database;
  SampleLimits limits;
  std::uint64_t seed = 1;
  double patience_s = 10;  // what a configuration may take the cpu device
  bool fresh = false, baseline = true, counters = true, quiet = false;
};
MeasuringOptions measuring_options(const Arguments& arguments);

// A problem on a device, ready to run. A recording of others has no op: `asked.entry` is nullptr.
struct Setup {
  SessionRequest request;
  double flops = 0, bytes = 0;       // of one call; 0: unknown
  bool has_reference = true;         // false: the default configuration is the oracle
  std::vector<std::string> notices;  // kernels that do not serve the problem, a stale recording
};
// The default configuration of a kernel's space as text, where it decides what is right: without a
// reference. Empty otherwise, and if there is no valid configuration.
std::string default_configuration(const OpSpec& op, const KernelSpec& kernel,
                                  const Problem& problem, const DeviceInfo& device);

// Throws Error: no kernel serves the problem, its tensors exceed the device's memory, or it would
// take the cpu device forever.
Setup set_up(const Catalog& catalog, const Asked& asked, const std::string& kernel,
             const OpenDevice& opened, const MeasuringOptions& options);

}  // namespace tw
