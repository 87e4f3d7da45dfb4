// Decides from a race of the finalists whether a winner still wins.
#pragma once
#include <span>

#include "session/session.h"

namespace tw {

enum class Standing {
  holds,    // the winner is the fastest, or tied with the fastest
  flipped,  // another configuration is faster, or the winner fails now
  changed,  // the winner cannot be raced: its kernel or op has changed
};

// Returns the winner's standing. `ranking` is SessionResult's; rows that were not raced do not
// count.
Standing standing_of(const Contender& winner, std::span<const Ranked> ranking);

}  // namespace tw
