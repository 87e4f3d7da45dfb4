// How much each knob matters, from the trials of a search.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/space/space.h"

namespace tw {

struct TimedConfiguration {
  Configuration values;
  double time_ns = 0;
};

struct KnobEffect {
  // What leaving a value costs, if the other knobs may follow.
  struct Value {
    std::int64_t value = 0;
    double ratio = 1;  // the fastest trial with it, over the fastest of all
    std::size_t trials = 0;
  };
  std::size_t knob = 0;       // its index
  double share = 0;           // 0 to 1: of the variance of the logarithm of the time, by it alone
  std::vector<Value> values;  // those that were tried, the cheapest first
};

// Of the knobs of which more than one value was tried, those that matter most first. The share is
// epsilon squared of a one-way analysis of variance: what the knob's values explain, less what as
// many groups of noise would (Kelley, An unbiased correlation ratio measure, 1935). A search
// prefers good configurations, so it is of what was tried, not of the whole space; what takes twice
// the fastest time or more counts as twice, lest a few bad ones be all that is seen.
std::vector<KnobEffect> knob_effects(std::span<const Knob> knobs,
                                     std::span<const TimedConfiguration> trials);

}  // namespace tw
