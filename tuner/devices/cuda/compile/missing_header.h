// Why a program did not compile, if a header is the reason.
#pragma once
#include <string>

#include "core/base/texts.h"
#include "devices/toolkit.h"

namespace tw::cuda {

// Returns, in one line, which header of `log` NVRTC did not find, where the sources include it, and
// the remedy. Empty if the program failed for another reason. `nvrtc` is NVRTC's version.
std::string missing_header(const std::string& log, const Texts& sources,
                           const ToolkitHeaders& toolkit, const std::string& nvrtc);

}  // namespace tw::cuda
