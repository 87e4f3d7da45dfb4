// How good the choice for problems that were not tuned is, judged by those that were.
#pragma once
#include <optional>
#include <vector>

#include "emit/tuning/tuning.h"

namespace tw {

// Returns, for each tuned problem, the slowdown of what the header would choose for it if it did
// not know the problem: a branch of the others, or a default. Nothing if that was not measured
// there, or if nothing else serves the problem. The branches stay those that were chosen with the
// problem.
std::vector<std::optional<double>> slowdowns_left_out(const Tuning& tuning);

}  // namespace tw
