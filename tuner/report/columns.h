// Trials as columns of JSON. A page of 10,000 trials stays small this way.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "report/forecaster.h"
#include "report/group.h"

namespace tw {

// Returns a list of sets. A set has the trials of searches and races in one context with the same
// knobs:
//   kernel, driver, toolchain  what the trials share
//   current                    whether it is the winner's context
//   knobs                      name, and values in the order in which they were first tried
//   run                        index of the trial's run in the group's runs
//   seconds                    since the run began, or null
//   race                       1: the pooled samples of a race
//   outcome, note              index in `outcomes`, `notes`
//   ns                         the median, or null
//   forecast                   what the kernel's model forecasts in ns; left out if it has none
//   values                     for each knob, the index of the trial's value
nlohmann::ordered_json trial_sets(const Group& group, Forecaster& forecaster);

// Returns the seconds between two points in time in ISO 8601; negative if a text is no such time.
double seconds_between(const std::string& from, const std::string& to);

}  // namespace tw
