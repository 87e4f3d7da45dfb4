// Measures configurations on problems for which they were not found.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/types/device_info.h"
#include "db/store.h"
#include "session/run/session_request.h"

namespace tw {

// Returns the configurations that are worth measuring on all problems: of each winner's race, the
// `each` fastest.
std::vector<Contender> candidates_of(const Store& store, const OpEntry& entry,
                                     const std::vector<Winner>& winners, std::size_t each);
// Leaves only those contenders in the spaces of the request that compute the problem. A
// space may then hold configurations that a search would not visit ([prefer]).
void restrict_to(const std::vector<Contender>& contenders, SessionRequest& request,
                 const DeviceInfo& device);
// Returns the number of configurations in the request's spaces that the database does not know.
std::size_t unknown_in(const SessionRequest& request, const Store& store);

// A configuration, and its time in a search.
struct TimedContender {
  Contender contender;
  double median_ns = 0;
};
// Returns the configurations of the request's spaces that worked, with the times that the database
// knows from searches.
std::vector<TimedContender> times_in(const SessionRequest& request, const Store& store);
// Returns the winner and, fastest first, at most four others that were clearly faster than the
// winner in searches, and that no race has compared with it. Returns nothing if there are none, or
// if no search has timed the winner.
std::vector<Contender> worth_racing(std::vector<TimedContender> times, const Contender& winner,
                                    std::span<const Contender> raced);

}  // namespace tw
