// When a configuration has been sampled enough. Pure: no device, no clock.
#pragma once
#include <span>

#include "job.h"

namespace tw::cuda {

enum class Verdict {
  more,      // go on
  enough,    // the median is known well enough, or the limits are reached
  hopeless,  // it cannot beat the incumbent
};
// `spent_ms` is the wall time of the sampling so far; `incumbent_ns` is 0 if there is none.
Verdict judge(std::span<const double> samples_ns, const SampleLimits& limits, double incumbent_ns,
              double spent_ms);
// How many samples to take before judging again, at `cost_ms` each: few enough to stop in time,
// enough that waiting for the device does not show.
int next_batch(std::size_t taken, const SampleLimits& limits, double incumbent_ns, double cost_ms,
               double spent_ms);

}  // namespace tw::cuda
