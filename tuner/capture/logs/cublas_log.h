// cuBLAS's log (CUBLAS_LOGINFO_DBG): an entry a call.
#pragma once
#include <string_view>

#include "capture/calls/findings.h"
#include "capture/logs/log_reader.h"

namespace tw::capture {

// Returns whether calls of the function are counted: not cublasSetStream, which computes nothing.
bool counts_cublas(std::string_view function);
// Counts the call of such a function.
void read_cublas_entry(const LogEntry& entry, Findings& findings);

}  // namespace tw::capture
