// cuDNN's log (CUDNN_LOGLEVEL_DBG): an entry a call, of the older API and of the graph API.
#pragma once
#include <string>
#include <string_view>

#include "capture/calls/captured_problem.h"
#include "capture/calls/findings.h"
#include "capture/logs/log_reader.h"

namespace tw::capture {

// Returns whether calls of the function are counted: those that compute something.
bool counts_cudnn(std::string_view function);
// Counts the call of such a function.
void read_cudnn_entry(const LogEntry& entry, Findings& findings);

// A convolution, and the buffers that it reads and writes (LaunchBuffers::key()).
struct CudnnLaunch {
  CapturedCall call{};
  std::string buffers{};
};
// Returns what an execution plan computes (cudnnBackendExecute).
CudnnLaunch launch_of_plan(const LogEntry& entry);

}  // namespace tw::capture
