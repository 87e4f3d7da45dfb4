// The trials of a kernel for another shape, dtype or device that the database knows.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "search/strategies/strategy.h"
#include "session/run/session_request.h"

namespace tw {

// Returns how different two problems of an op are, on two devices. The result is the sum of |log2|
// of the ratio of each dim, except for dims that follow from others by default, plus 1 to 2 for
// each other difference.
double difference(const OpSpec& op, const Problem& a, const Problem& b, bool same_device);

struct Elsewhere {
  Context context;
  // evaluations that are valid here too; infinity for a failure
  std::vector<Evaluation> evaluations;
};
// Returns the trials of the most similar problem and device with enough known trials; nothing if
// there are none. Times of one source (measured, replayed, cpu) say nothing about times of another
// source, but imported times count as measured. Without a catalog only the same problem counts, on
// other devices.
std::optional<Elsewhere> known_elsewhere(const Store& store, const SessionRequest& request,
                                         const Competitor& competitor);

}  // namespace tw
