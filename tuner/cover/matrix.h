// Measures configurations on problems for which they were not found.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "db/store.h"
#include "devices/device.h"
#include "session/run/session_request.h"
#include "ui/progress/progress.h"

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

}  // namespace tw
