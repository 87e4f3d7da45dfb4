// Takes over what other databases hold, so that times can be shared.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

struct Merged {
  std::int64_t runs = 0, trials = 0;  // that are new here
  std::int64_t known = 0;             // trials that were here already
};

// Copies the trials of `from` that were measured, their runs and races, into `into`, which is created if
// it is not there. The rows keep when, where and by what they were made, and become `imported`, so
// that they do not win over what is measured here. What was copied before is not copied again,
// whatever way it went, and a run that was not finished then is continued. All or nothing. Throws
// Error, as Store::open does, and if both are one file.
Merged merge_database(const std::string& from, const std::string& into);

}  // namespace tw
