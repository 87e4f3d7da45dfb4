// How much each knob matters, and which pairs of knobs interact, from the trials of a search.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/space/space.h"

namespace tw {

// A configuration and its measured time.
struct TimedConfiguration {
  Configuration values;
  double time_ns = 0;
};

// How much one knob matters.
struct KnobEffect {
  // The cost of using one value, if the other knobs may change, too.
  struct Value {
    std::int64_t value = 0;
    double ratio = 1;  // the fastest trial with the value, over the fastest of all
    std::size_t trials = 0;
  };
  std::size_t knob = 0;       // index of the knob
  double share = 0;           // of the variance of log(time), by this knob alone: 0 to 1
  std::vector<Value> values;  // the values that were tried, cheapest first
};

// Returns the knobs of which more than one value was tried, the most important first. The share is
// epsilon squared of a one-way analysis of variance: what the knob's values explain, minus what as
// many groups of noise would explain (Kelley, An unbiased correlation ratio measure, 1935). A
// search prefers good configurations, so the share describes the configurations that were tried,
// not the whole space. A time of twice the fastest or more counts as twice the fastest. Otherwise a
// few bad configurations would hide all else.
std::vector<KnobEffect> knob_effects(std::span<const Knob> knobs,
                                     std::span<const TimedConfiguration> trials);

// Two knobs that interact: what a value of one costs depends on the other.
struct KnobPair {
  // The best value of the second knob for one value of the first.
  struct Best {
    std::int64_t first = 0, second = 0;
    double ratio = 1;        // the fastest trial with both values, over the fastest of all
    std::size_t trials = 0;  // with both values
  };
  std::size_t first = 0, second = 0;  // indices of the knobs
  // The part of the variance of log(time) that the two knobs explain together, beyond what they
  // explain one by one.
  double share = 0;
  std::vector<Best> best;  // one for each value of the first knob, cheapest first
};

// Returns the pairs of knobs that interact, the strongest first. The times of the pairs
// of values are compared with a sum of an effect of each value (an unbalanced two-way analysis of
// variance of log(time), capped as in knob_effects()). A pair is returned if the sum leaves more
// than noise: by an F test at 5 % over all pairs together (Bonferroni). What the other knobs change
// counts as noise. The share is epsilon squared.
std::vector<KnobPair> knob_pairs(std::span<const Knob> knobs,
                                 std::span<const TimedConfiguration> trials);

}  // namespace tw
