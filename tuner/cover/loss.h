// The loss at a shape that runs what was tuned nearby.
#pragma once
#include <optional>
#include <span>
#include <vector>

namespace tw {

// Returns the loss, log2 of a slowdown, that is expected at a shape if it runs the winner of the
// nearest tuned shape. It is the sum of two losses: what the winners of the two nearest shapes lose
// on each other's shape, as far as this was measured; and what the forecasts for the shape say
// against the best of all winners, at most a factor of 4.
//
// `distances`: to each tuned shape. `slowdowns[i][j]`: of shape j's winner on shape i; infinite if
// it was not measured. `forecasts[j]`: the time of shape j's winner on the new shape; nothing if it
// cannot run there. No forecasts at all: they are not known.
double expected_loss(std::span<const double> distances,
                     std::span<const std::vector<double>> slowdowns,
                     std::span<const std::optional<double>> forecasts);

}  // namespace tw
