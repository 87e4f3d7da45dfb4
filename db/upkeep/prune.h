// Removes rows that can no longer win and that nothing refers to.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

struct PruneRequest {
  std::int64_t keep_days = 30;  // younger rows stay
  bool dry_run = false;         // counts, and changes nothing
};
struct Pruned {
  std::int64_t contexts = 0, runs = 0, trials = 0, races = 0;
};
// Removes
// - the trials and races of a kernel's source that a newer source, or a newer measuring protocol,
//   has replaced for the same problem and device;
// - runs without trials, and contexts that no row refers to.
// Winners, the races that made them, and their baselines stay. If a winner would change all the
// same, throws Error and removes nothing. Throws Error like Store::open.
Pruned prune_database(const std::string& path, const PruneRequest& request);

}  // namespace tw
