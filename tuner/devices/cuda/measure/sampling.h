// The samples of one configuration: how many, which count, when it is enough. No device, no clock.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "core/plan/job.h"

namespace tw::cuda {

enum class SamplingDecision {
  more,      // go on
  enough,    // the median is known well enough, or the limits are reached
  hopeless,  // it cannot beat the incumbent
};
// `spent_ms` is the wall time of the sampling so far; `incumbent_ns` is 0 if there is none.
SamplingDecision decide(std::span<const double> samples_ns, const SampleLimits& limits,
                        double incumbent_ns, double spent_ms);
// How many samples to take before deciding again, at `cost_ms` each: few enough to stop in time,
// enough that waiting for the device does not show.
int next_batch(std::size_t taken, const SampleLimits& limits, double incumbent_ns, double cost_ms,
               double spent_ms);

struct SampleSource {
  std::function<std::vector<double>(int count)> take;  // ns, one each; 0: its record was lost
  std::function<bool()> is_throttled;                  // of the samples taken last
  std::function<double()> spent_ms;                    // since sampling began
  std::function<void()> rest;                          // lets a hot device cool down for a moment
};
struct Sampling {
  SamplingDecision decision = SamplingDecision::enough;  // or hopeless
  std::vector<double> samples_ns;
  int dropped = 0;    // lost, or taken at a throttled clock
  int throttled = 0;  // of samples_ns: taken at a throttled clock, since no others were to be had
};
// Samples that were taken at a throttled clock are dropped, until twice the limit's time is up: then
// they have to do. `first_ns` is the time of a run before, which pays for cold instruction caches.
Sampling take_samples(const SampleSource& source, const SampleLimits& limits, double incumbent_ns,
                      double first_ns);

}  // namespace tw::cuda
