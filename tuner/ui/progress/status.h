// How far a search is, and its line of text.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "core/plan/activity.h"
#include "core/plan/measurement.h"

namespace tw {

struct Status {
  std::string what;           // "simt", "final of 10"
  std::int64_t done = 0;      // new evaluations so far
  std::int64_t budget = 0;    // the budget of new evaluations; 0 for a time budget
  std::int64_t failed = 0;    // failed evaluations of `done`
  double elapsed_s = 0;       // since the start of the search
  double budget_s = 0;        // 0 for a budget of evaluations
  double best = 0;            // the least value of the objective; 0 if there is none yet
  std::string best_text;      // with its unit
  std::string configuration;  // the best configuration
  std::map<Outcome, std::int64_t> outcomes;  // of all trials of the problem
  Activity activity;                         // of the device at this moment
};

// Returns the seconds until the budget is spent; negative if unknown.
double seconds_left(const Status& status);
// Returns "simt 120/200, 14.2/s, best 2.683 ms (bm128 bn128), 3 failed, 5.6 s left".
std::string progress_line(const Status& status);

}  // namespace tw
