// One-line summaries of the logs of NVRTC and ptxas.
#pragma once
#include <string>

namespace tw::gpu {

// Returns why a compile failed: the first error, or the whole log if there is no error line.
std::string failure_line(const std::string& log);
// Returns the warning of ptxas in a compile that succeeded; empty if there is none.
std::string ptxas_warning(const std::string& log);
// Returns why code that compiled is not worth a measurement; empty if it is. ptxas serialises wgmma
// that it cannot pipeline (C7510 and neighbouring warnings): the result is right, but the code is
// not what the configuration stands for.
std::string rejection(const std::string& log);

}  // namespace tw::gpu
