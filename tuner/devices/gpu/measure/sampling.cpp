#include "devices/gpu/measure/sampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/statistics.h"

namespace tw::gpu {
namespace {

// Factors of the incumbent's time beyond which no further sample can change the answer: for one
// sample, for the fastest of three, and for the low end of the median's interval.
constexpr double after_one = 3.0, after_three = 1.5, by_interval = 1.03;
constexpr double batch_ms = 10;
// A first run that takes at least this long can show on its own that the configuration is hopeless.
// Shorter runs are distorted too much by cold instruction caches.
constexpr double long_run_ns = 1e6;
// Runs that take at least this long need no warm-up.
constexpr double few_runs_ns = 20e6;

}  // namespace

SamplingDecision decide(std::span<const double> samples_ns, const SampleLimits& limits,
                        double incumbent_ns, double spent_ms) {
  const int count = static_cast<int>(samples_ns.size());
  if (count == 0) return SamplingDecision::more;
  if (count >= limits.max_samples) return SamplingDecision::enough;
  const double fastest = *std::min_element(samples_ns.begin(), samples_ns.end());
  const std::vector<double> samples(samples_ns.begin(), samples_ns.end());
  const Interval interval = median_interval(samples);
  if (incumbent_ns > 0) {
    if (fastest > after_one * incumbent_ns) return SamplingDecision::hopeless;
    if (count >= 3 && fastest > after_three * incumbent_ns) return SamplingDecision::hopeless;
    if (count >= limits.min_samples && interval.low > by_interval * incumbent_ns) {
      return SamplingDecision::hopeless;
    }
  }
  // A kernel so slow that the time is up before the least number of samples gets at most three
  // samples.
  if (spent_ms >= limits.max_ms && count >= std::min(3, limits.min_samples)) {
    return SamplingDecision::enough;
  }
  if (count < limits.min_samples) return SamplingDecision::more;
  const bool tight = interval.high - interval.low <= 2 * limits.relative_interval * median(samples);
  return tight ? SamplingDecision::enough : SamplingDecision::more;
}

int next_batch(std::size_t taken, const SampleLimits& limits, double incumbent_ns, double cost_ms,
               double spent_ms) {
  const int done = static_cast<int>(taken);
  int wanted = limits.min_samples - done;
  if (incumbent_ns > 0 && done < 3) wanted = std::min(wanted, 3 - done);
  const double affordable = std::min(batch_ms, limits.max_ms - spent_ms) / std::max(cost_ms, 1e-3);
  if (wanted <= 0) wanted = static_cast<int>(std::clamp(affordable, 1.0, 16.0));
  if (cost_ms > batch_ms) wanted = 1;  // each sample is judged on its own
  return std::clamp(wanted, 1, std::max(1, limits.max_samples - done));
}

Sampling take_samples(const SampleSource& source, const SampleLimits& limits, double incumbent_ns,
                      double first_ns) {
  Sampling sampling;
  std::vector<double>& samples = sampling.samples_ns;
  SamplingDecision& decision = sampling.decision = SamplingDecision::more;
  if (first_ns > long_run_ns) {
    decision = decide({&first_ns, 1}, limits, incumbent_ns, 0);
    if (decision == SamplingDecision::hopeless) samples.push_back(first_ns);
  }
  if (decision == SamplingDecision::more && first_ns < few_runs_ns) source.take(2);
  const double start_ms = source.spent_ms();
  double cost_ms = 0.2 + 1e-6 * first_ns;
  while (decision == SamplingDecision::more) {
    const double spent_ms = source.spent_ms() - start_ms;
    const int count = next_batch(samples.size(), limits, incumbent_ns, cost_ms, spent_ms);
    const std::vector<double> batch = source.take(count);
    const bool is_throttled = source.is_throttled();
    const bool drop = is_throttled && spent_ms < 2 * limits.max_ms;
    for (const double time_ns : batch) {
      if (drop || time_ns <= 0) {
        ++sampling.dropped;
      } else {
        samples.push_back(time_ns);
        if (is_throttled) ++sampling.throttled;
      }
    }
    if (drop) source.rest();
    cost_ms = (source.spent_ms() - start_ms - spent_ms) / count;
    decision = decide(samples, limits, incumbent_ns, source.spent_ms() - start_ms);
  }
  return sampling;
}

}  // namespace tw::gpu
