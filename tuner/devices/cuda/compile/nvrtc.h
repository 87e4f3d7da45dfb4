// NVRTC, one program at a time. It may crash or never end, so it runs in compile workers.
#pragma once
#include <memory>

#include "devices/gpu/compile/compiler.h"

namespace tw::cuda {

std::unique_ptr<gpu::Compiler> make_nvrtc_compiler();

}  // namespace tw::cuda
