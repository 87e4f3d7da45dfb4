// Copies the trials of other databases, so that people can share times.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

// The result of a merge.
struct Merged {
  std::int64_t runs = 0, trials = 0;  // new ones here
  std::int64_t known = 0;             // trials that were here before
};

// Copies the measured trials of `from`, with their runs and races, into `into`, which is created if
// it is missing. The rows keep when, where and by what they were made. They become `imported`, so
// that they do not win over what is measured here. Rows that were copied before, in any way, are
// not copied again. A run that was not finished then is continued. Copies all or nothing. Throws
// Error like Store::open, and if both paths are one file.
Merged merge_database(const std::string& from, const std::string& into);

}  // namespace tw
