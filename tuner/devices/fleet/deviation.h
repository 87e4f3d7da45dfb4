// The rule that tells which workers are not compared with the others: those whose time for the same
// work deviates.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace tw::fleet {

struct WorkerTime {
  std::string worker;  // for people
  double time_ns = 0;
};

struct Deviation {
  std::size_t at = 0;  // index of the time
  std::string reason;  // "its time for ... differs by +2.5 % from the median of all workers"
};

struct Comparison {
  std::vector<Deviation> deviations;
  std::string notice;  // the times differ, and it cannot be known which one is right; or empty
  std::string about;   // the two workers and the work; the same each time that they are compared
};

// Compares times of the same work. With three or more, those that differ by more than `tolerance`
// (0.02 is 2 %) from the median deviate. If no time is as near to the median as that, or if there
// are only two, none deviates, and the notice says how much they differ.
Comparison compare_times(const std::vector<WorkerTime>& times, const std::string& work,
                         double tolerance);

}  // namespace tw::fleet
