// Tunes one problem on one device. Known trials are used without measuring them again; the search
// runs; every trial is stored when it ends; the best few are raced.
#pragma once
#include <functional>

#include "db/store.h"
#include "devices/device.h"
#include "session/run/session_request.h"
#include "session/run/session_result.h"
#include "ui/progress/progress.h"

namespace tw {

// Runs the session. `stopped` returns whether the user wants to end. Throws Error for faults of the
// machine (a full disk, ...); trials that are already stored stay stored.
SessionResult run_session(const SessionRequest& request, Device& device, Store& store,
                          Progress& progress, const std::function<bool()>& stopped);

}  // namespace tw
