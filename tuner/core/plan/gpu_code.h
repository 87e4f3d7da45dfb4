// Programs that are compiled for GPUs of an architecture. No such GPU needs to be there.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/plan/plan.h"

namespace tw {

struct GpuProgram {
  Program program;
  std::string architecture;  // "sm_90a"
};

// The result of compiling a GpuProgram.
struct GpuCode {
  std::string cubin;
  std::vector<std::string> names;  // in the cubin: of the program's entries, then of its symbols
  std::string failure;             // why the program did not compile; empty if it did
};

// Compiles all programs. Returns one result for each, in the same order. Throws Error if there is
// no compiler, or if this machine or the source lacks a header.
using CompileForGpus = std::function<std::vector<GpuCode>(const std::vector<GpuProgram>&)>;

}  // namespace tw
