// Whether a winner still wins, from a race of its finalists.
#pragma once
#include <span>

#include "session/session.h"

namespace tw {

enum class Standing {
  holds,    // the fastest, or tied with it
  flipped,  // another one is faster, or the winner fails now
  changed,  // it cannot be raced: its kernel or op is not what it was
};

// `ranking` of SessionResult; what was not raced does not count.
Standing standing_of(const Contender& winner, std::span<const Ranked> ranking);

}  // namespace tw
