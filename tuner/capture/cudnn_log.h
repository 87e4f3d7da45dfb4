// cuDNN's log (CUDNN_LOGLEVEL_DBG): an entry a call, of the older API and of the graph API.
#pragma once
#include "capture/captured_problem.h"
#include "capture/findings.h"
#include "capture/log_reader.h"

namespace tw::capture {

// Counts the call. Calls that compute nothing are ignored.
void read_cudnn_entry(const LogEntry& entry, Findings& findings);

// Returns the problem that an execution plan computes (cudnnBackendExecute).
CapturedCall problem_of_plan(const LogEntry& entry);

}  // namespace tw::capture
