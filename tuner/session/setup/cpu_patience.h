// Finds the problems that the cpu device's emulation cannot finish in time. They are refused before
// anything starts.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "options/problem_options.h"
#include "session/run/session_request.h"
#include "session/setup/device_choice.h"

namespace tw {

// The time that the emulation takes for one configuration, in seconds.
struct CpuEstimate {
  double typical_s = 0;  // median of configurations that are spread over the spaces
  double longest_s = 0;
  // Returns whether a typical configuration takes longer than `patience_s`, or a rare one much
  // longer.
  bool exceeds(double patience_s) const;
};
CpuEstimate cpu_estimate(const OpSpec& op, std::span<const Competitor> competitors,
                         const Problem& problem, const DeviceInfo& device);
// The same, if there are no competitors yet; 0 if no kernel serves the problem.
CpuEstimate cpu_estimate(const OpEntry& entry, std::span<const KernelSpec* const> kernels,
                         const Problem& problem, const DeviceInfo& device);

// Throws Error if the estimate exceeds `patience_s`. The error names a smaller shape that would
// work.
void check_cpu_patience(const OpEntry& entry, std::span<const KernelSpec* const> kernels,
                        const Problem& problem, const DeviceInfo& device,
                        const CpuEstimate& estimate, double patience_s);
// Throws Error if a line of the list `path` can be neither replayed nor emulated in time. The error
// names these lines, the recordings that hold other lines, and what to do.
void check_list(const std::string& path, std::span<const Asked> asked, DeviceChooser& chooser,
                const std::string& kernel, double patience_s);

}  // namespace tw
