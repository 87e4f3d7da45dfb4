// cuBLAS's log (CUBLAS_LOGINFO_DBG): an entry a call.
#pragma once
#include "capture/findings.h"
#include "capture/log_reader.h"

namespace tw::capture {

// Counts the call. Calls that compute nothing, such as cublasSetStream, are ignored.
void read_cublas_entry(const LogEntry& entry, Findings& findings);

}  // namespace tw::capture
