// The state of a problem's latest search. It shows what another process did meanwhile.
#pragma once
#include <cstdint>
#include <string>

#include "db/store.h"

namespace tw {

// The latest run of a search.
struct RunState {
  std::int64_t id = 0;  // 0: there is none
  // Whether the search reached its end: it is not running, and was neither killed nor interrupted.
  bool is_complete = false;
};
// Returns the id of the database's latest run; 0 if there is none.
std::int64_t latest_run_id(const std::string& path);
// Reads the latest run of the objective in the situation, with any kernels.
RunState latest_run(const std::string& path, const Situation& situation, Objective objective);

}  // namespace tw
