// The check of a header before it is written: what its branches would run is verified on a device,
// and what is wrong is left out.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "devices/device.h"
#include "emit/emit.h"
#include "emit/samples.h"
#include "ui/progress.h"

namespace tw {

struct CheckOptions {
  std::size_t shapes = 8;  // at most, of each winner and each default
  std::uint64_t seed = 1;
  // Called with each sample that fails.
  std::function<void(const EmitSample&, const Measurement&)> failed = {};
};

// What was left out of a header, and why.
struct LeftOut {
  std::string subject;  // EmitSample::subject
  bool is_default = false;
  std::string kernel, configuration;
  std::string problem;  // on which it failed
  std::string why;      // "wrong_result: ..."
};

// Verifies samples (emit_samples.h) of each winner of the request, and of the defaults that its
// device can reach, on `device`; the limits are those of the winners' device. A winner that fails
// leaves the request, a default is rejected; what then takes over is checked likewise, on the
// problem that failed too, until nothing fails. Enters what was checked. Stops early when `stopped`
// says so; the request is good for nothing then.
std::vector<LeftOut> check_before_emit(EmitRequest& request, Device& device,
                                       const CheckOptions& options, Progress& progress,
                                       const std::function<bool()>& stopped);

}  // namespace tw
