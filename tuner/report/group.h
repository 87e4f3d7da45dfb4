// The rows of a database, grouped as the view `winners` groups them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "db/store.h"

namespace tw {

// A problem on one device, measured in one way: all its trials, and what wins.
struct Group {
  std::optional<Winner> winner;  // nothing if no trial decides
  std::vector<Trial> finalists;  // of the winner's race, in its order; the winner itself otherwise
  std::vector<Trial> known;      // the latest trial of each configuration in the winner's context
  std::vector<Trial> trials;     // of every kind, in the order of commits
  std::vector<StoredRun> runs;   // those of the trials, oldest first
  // Returns the situation of the winner; without a winner that of the latest trial.
  const Situation& situation() const;
};

// Returns the groups that match the filter, in the order of `tune query`. Groups without a winner
// come last.
std::vector<Group> groups_of(const Store& store, const Filter& filter);

}  // namespace tw
