// Pairs the winners of two databases, and compares their times. `tune compare` and `tune report
// --against` share it.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/statistics.h"
#include "db/store.h"

namespace tw {

// Two winners of the same problem, as indices into the two lists.
struct WinnerPair {
  std::size_t first = 0, second = 0;
  bool operator==(const WinnerPair&) const = default;
};

struct Pairing {
  std::vector<WinnerPair> pairs;                     // in the order of the first list
  std::vector<std::size_t> only_first, only_second;  // those without a partner
};

// Pairs the winners of two lists by the situations in which they win. Partners have the same op,
// problem and L2 state. The most alike pair up first: those of the same device, then those of the
// same source. A winner that is left over is paired with whatever the other list has left over.
Pairing pair_winners(std::span<const Situation* const> first,
                     std::span<const Situation* const> second);

// The time of one measurement over that of another.
struct TimeRatio {
  double ratio = 0;
  std::optional<Interval> interval{};  // nothing if one of the medians has no interval
};

// Returns the 95 % confidence interval of the median. Returns nothing if there are fewer than six
// samples: not even their range encloses the median with 95 %.
std::optional<Interval> interval_of(const Measurement& measurement);

// Returns the ratio of the medians, time over base. Its interval divides the bounds of the two
// medians' intervals crosswise, so that it is conservative (docs/compare.md).
TimeRatio ratio_of(const Measurement& time, const Measurement& base);

}  // namespace tw
