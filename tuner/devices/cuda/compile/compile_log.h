// What the logs of NVRTC and ptxas say, in one line.
#pragma once
#include <string>

namespace tw::cuda {

// Why a compile failed: the first error, or all there is.
std::string failure_line(const std::string& log);
// What ptxas warns of in a compile that succeeded; empty if nothing.
std::string ptxas_warning(const std::string& log);
// Why code that did compile is not worth a measurement; empty if it is. ptxas serialises wgmma that
// it cannot pipeline (C7510 and its neighbours): right, but not what the configuration stands for.
std::string rejection(const std::string& log);

}  // namespace tw::cuda
