// The work of a stored problem, from its text and the device of its run.
#pragma once
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/types/device_info.h"
#include "db/store.h"

namespace tw {

// A problem, and the work of one call of it; 0 if unknown.
struct Work {
  std::optional<Problem> problem;  // nothing if this build does not know it
  double flops = 0, bytes = 0, roof_ns = 0;
  std::string unknown;  // why there is no roofline; empty if there is one
};

// Returns the device of a run, with the peaks of its datasheet.
DeviceInfo stored_device(const Situation& situation, const StoredRun* run);

// Computes the work of the problem of a run. An op that is not in the catalog, and a device without
// known peaks, have no roofline.
Work work_of(const Catalog& catalog, const Situation& situation, const StoredRun* run);

// Returns the work that time is best spent on, per second: "53.1 TFLOP/s" if the problem has more
// FLOPs than bytes, else "2.1 TB/s"; empty if unknown.
std::string rate_text(const Work& work, double time_ns);

}  // namespace tw
