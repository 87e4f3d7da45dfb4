// Which configurations take part in a session's final race.
#pragma once
#include <optional>
#include <vector>

#include "db/store.h"
#include "session/run/session_request.h"
#include "session/run/trials.h"

namespace tw {

// Returns the best few, each kernel's default and the previous winner, unless they are known to
// fail. A pruned default takes part: users want to know how much faster the winner is. Returns
// nothing if no trial worked.
std::vector<TrialKey> finalists(const SessionRequest& request, const Trials& trials,
                                const Store& store);
// Returns the configurations of SessionRequest::only that are in their spaces.
std::vector<TrialKey> contenders(const SessionRequest& request);
// Returns the winner that the database holds for the request's problem and device. Returns nothing
// if its kernel does not compete, has another source now, or lacks the configuration.
std::optional<TrialKey> previous_winner(const SessionRequest& request, const Store& store);

}  // namespace tw
