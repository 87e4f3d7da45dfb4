// cuBLASLt's log (CUBLASLT_LOG_LEVEL): a line a call.
#pragma once
#include <string_view>

#include "capture/calls/findings.h"

namespace tw::capture {

// Returns whether a line is of this log: "[time][cublasLt][process][Trace][cublasLtMatmul] ...".
bool is_cublaslt_line(std::string_view line);
// Counts the call of a line. Only those that launch something compute; others are ignored. The line
// is not whole if it is longer than any of the library's.
void read_cublaslt_line(std::string_view line, bool is_whole, Findings& findings);

}  // namespace tw::capture
