// A space-filling start: a Latin hypercube (M. D. McKay, R. J. Beckman, W. J. Conover,
// Technometrics 21, 1979) on the values of every knob, adapted to valid configurations.
#pragma once
#include "search/strategies/explorer.h"

namespace tw {

// Returns at most `count` new configurations, marked. Spreads each knob's values evenly over the
// points in random order. A point that is not valid becomes the nearest (fewest knobs, then fewest
// steps) of a few random new configurations. Returns fewer only if there are no more new ones.
std::vector<std::size_t> latin_hypercube(Explorer& explorer, std::size_t count);

}  // namespace tw
