// The check of a header before it is written: the configurations that its branches would run are
// verified on a device, and failing ones are left out.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "devices/device.h"
#include "emit/emit.h"
#include "emit/tuning/samples.h"
#include "ui/progress/progress.h"

namespace tw {

struct CheckOptions {
  std::size_t shapes = 8;  // the most shapes for each winner and each default
  std::uint64_t seed = 1;
  // Called with each sample that fails.
  std::function<void(const EmitSample&, const Measurement&)> failed = {};
};

// A configuration that was left out of a header, and why.
struct LeftOut {
  std::string subject;  // EmitSample::subject
  bool is_default = false;
  std::string kernel, configuration;
  std::string problem;  // the problem on which it failed
  std::string why;      // "wrong_result: ..."
};

// Verifies samples (emit_samples.h) of each winner of the request, and of the defaults that its
// device can reach, on `device`. The limits are those of the winners' device. A winner that fails
// is removed from the request, and a default that fails is rejected. The configuration that then
// takes over is checked too, also on the problem that failed, until nothing fails. The function
// enters in the request what was checked, and returns what was left out. It stops early when
// `stopped` returns true; the request must not be used then.
std::vector<LeftOut> check_before_emit(EmitRequest& request, Device& device,
                                       const CheckOptions& options, Progress& progress,
                                       const std::function<bool()>& stopped);

}  // namespace tw
