// The words that the rows of a database have, for completion and for hints.
#pragma once
#include <set>
#include <string>

namespace tw {

struct ContextValues {
  std::set<std::string> ops, problems, kernels, devices;  // devices: models
};
// Returns the values of all rows; with an op, the problems, kernels and devices of this op only.
// Throws Error like Store::open.
ContextValues context_values(const std::string& path, const std::string& op = "");

}  // namespace tw
