// The sampling of one configuration: how many samples are taken, which count, and when they
// suffice. This code uses no device and no clock.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "core/plan/job.h"

namespace tw::gpu {

enum class SamplingDecision {
  more,      // continue
  enough,    // the median is known well enough, or the limits are reached
  hopeless,  // it cannot beat the incumbent
};
// Decides whether to continue. `spent_ms` is the wall time of the sampling so far; `incumbent_ns`
// is 0 if there is no incumbent.
SamplingDecision decide(std::span<const double> samples_ns, const SampleLimits& limits,
                        double incumbent_ns, double spent_ms);
// Returns how many samples, at `cost_ms` each, to take before deciding again: few enough to stop in
// time, and enough that waiting for the device costs little.
int next_batch(std::size_t taken, const SampleLimits& limits, double incumbent_ns, double cost_ms,
               double spent_ms);

struct SampleSource {
  // takes samples in ns; 0 for a sample whose record was lost
  std::function<std::vector<double>(int count)> take;
  std::function<bool()> is_throttled;  // for the latest samples
  std::function<double()> spent_ms;    // since the start of the sampling
  std::function<void()> rest;          // lets a hot device cool for a moment
};
struct Sampling {
  SamplingDecision decision = SamplingDecision::enough;  // or hopeless
  std::vector<double> samples_ns;
  int dropped = 0;  // samples that were lost or taken at a throttled clock
  // samples of samples_ns that were taken at a throttled clock because there were no others
  int throttled = 0;
};
// Takes samples. Samples at a throttled clock are dropped until twice the limit's time is up; after
// that they are used. `first_ns` is the time of an earlier run, which includes cold instruction
// caches.
Sampling take_samples(const SampleSource& source, const SampleLimits& limits, double incumbent_ns,
                      double first_ns);

}  // namespace tw::gpu
