// What the database knows of a kernel under other circumstances: another shape, dtype or device.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "search/strategies/strategy.h"
#include "session/session_request.h"

namespace tw {

// The configuration's index in the space; nothing if it is not valid there.
std::optional<std::size_t> index_in(const SearchSpace& space, const std::string& configuration);

// How different two problems of an op are, on two devices: the sum over dims (but for those that by
// default follow from others) of |log2| of their ratio, and 1 to 2 for everything else that differs.
double difference(const OpSpec& op, const Problem& a, const Problem& b, bool same_device);

struct Elsewhere {
  Context context;
  std::vector<Evaluation> evaluations;  // of what is valid here, too; infinity if it failed
};
// The trials of the least different circumstances of which enough are known; nothing if there are
// none. Times of one source (measured, replayed, cpu) say nothing about another's, but imported
// ones are measured. Without a catalog only the same problem counts, on other devices.
std::optional<Elsewhere> known_elsewhere(const Store& store, const SessionRequest& request,
                                         const Competitor& competitor);

}  // namespace tw
