// How good the choice for problems that were not tuned is, judged by those that were.
#pragma once
#include <optional>
#include <vector>

#include "emit/tuning/tuning.h"

namespace tw {

// The choice of a header for a tuned problem that it does not know.
struct LeftOutChoice {
  int branch = -1;                   // an index in Tuning::branches; -1: nothing serves the problem
  std::optional<double> slowdown{};  // nothing if the branch was not measured on the problem
};

// Returns, for each tuned problem, what the header would choose for it if it did not know the
// problem: a branch of the others, or a default. The branches stay those that were chosen with the
// problem.
std::vector<LeftOutChoice> choices_left_out(const Tuning& tuning);
// Returns the slowdowns of choices_left_out().
std::vector<std::optional<double>> slowdowns_left_out(const Tuning& tuning);

}  // namespace tw
