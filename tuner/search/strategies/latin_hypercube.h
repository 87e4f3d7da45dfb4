// A space-filling start: a Latin hypercube (M. D. McKay, R. J. Beckman, W. J. Conover,
// Technometrics 21, 1979) on the values of every knob, brought to valid configurations.
#pragma once
#include "search/strategies/explorer.h"

namespace tw {

// At most `count` new configurations, marked. Each knob's values are spread evenly over the points
// in random order; a point that is not valid becomes the nearest (fewest knobs, then fewest steps)
// of a few random new configurations. Fewer only if no more are new.
std::vector<std::size_t> latin_hypercube(Explorer& explorer, std::size_t count);

}  // namespace tw
