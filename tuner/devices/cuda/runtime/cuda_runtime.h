#pragma once
#include <memory>

#include "devices/gpu/runtime/runtime.h"

namespace tw::cuda {

// Creates a context on a device, which stays current on this thread. A process opens one runtime.
// Throws Error if there is no driver or no such device, gpu::Failure if the device cannot be used.
std::unique_ptr<gpu::Runtime> open_runtime(int ordinal, gpu::Use use);

}  // namespace tw::cuda
