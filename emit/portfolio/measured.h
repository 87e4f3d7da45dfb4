// The times of configurations on the problems of an op, as a database has them.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/objective.h"
#include "db/store.h"
#include "emit/portfolio/portfolio.h"

namespace tw {

// A configuration of a kernel, for the problems of one storage, math, chain and choices: what a
// header compiles once.
struct Candidate {
  std::string kernel, configuration;
  std::string group;  // the text of what the problems have in common
  bool operator==(const Candidate&) const = default;
};

struct MeasuredTimes {
  std::vector<Candidate> candidates;
  Slowdowns slowdowns;                     // [winner][candidate]
  std::vector<std::vector<Trial>> trials;  // for each winner, the trials that have its slowdowns
  std::vector<std::vector<int>> trial_of;  // [winner][candidate]: an index in trials[winner]; or -1

  std::size_t groups() const;  // the number of different groups
};

// Returns the times of every configuration that worked on a winner's problem, on the winner's
// device and under its driver. A configuration of the winner's race is compared with the winner by
// the race; any other one by their searches. With another objective than time, the "times" are its
// values, of the configurations for which they were measured.
MeasuredTimes measured_times(const Store& store, const OpEntry& entry,
                             const std::vector<Winner>& winners,
                             Objective objective = Objective::time);

}  // namespace tw
