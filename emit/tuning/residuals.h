// The numbers by which a header compares its branches for problems that were not tuned.
#pragma once
#include <optional>
#include <vector>

#include "emit/tuning/tuning.h"

namespace tw {

// Returns whether the forecasts of branches can be compared: the kernels of all tuned problems have
// a [model], and the winners have the least time. A model forecasts no energies.
bool has_forecasts(const Tuning& tuning);
// Returns the forecast of a branch for a problem in ns, or 1 if the header makes no forecasts.
double forecast_of(const Tuning& tuning, const Branch& branch, const Problem& problem,
                   const DeviceInfo& device);
// Returns the slowdown of a branch on a tuned problem against the fastest configuration, in terms
// of the objective; nothing if it was not measured there.
std::optional<double> slowdown_of(const Tuning& tuning, const TunedRow& row, const Branch& branch);
// Returns the residual of each branch on each tuned problem: [row][branch]. A branch that was not
// measured on the problem counts as somewhat slower than its winner, and than its forecast says.
std::vector<std::vector<double>> residuals_of(const Tuning& tuning);

}  // namespace tw
