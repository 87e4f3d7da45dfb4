// Compiles programs outside of a device: for GPUs that need not be there.
#pragma once
#include <vector>

#include "core/plan/gpu_code.h"
#include "devices/gpu/protocol/platform.h"

namespace tw::gpu {

// Compiles the programs in compile workers of the platform, or takes them from the cubin cache.
// There the device has left what it measured. See CompileForGpus.
std::vector<GpuCode> compile_all(const Platform& platform, const std::vector<GpuProgram>& programs);

}  // namespace tw::gpu
