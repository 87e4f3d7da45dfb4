// Winners as compiled code: the user's program needs no compiler of CUDA.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/plan/gpu_code.h"
#include "emit/tuning/request.h"

namespace tw {

// Returns the relative paths and texts of the files:
//   saxpy.h               the types of arguments, launch and select
//   saxpy.cpp             the loader's calls, one for each configuration
//   tilewright_<digest>/  the choice of the configuration, the loader, and the code as arrays
// There is one request for each GPU, all of one op. Throws Error if a winner is not of a GPU, needs
// what only a header can do (workspaces, tensor maps, an epilogue), or does not compile, and as
// emit() and `compile` do. A default configuration of which this holds is left out.
std::map<std::string, std::string> emit_cubin(const std::vector<EmitRequest>& requests,
                                              const CompileForGpus& compile);

}  // namespace tw
