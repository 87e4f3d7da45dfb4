#pragma once
#include <string>
#include <vector>

#include "devices/cpu/shim/abi.h"

namespace tw::gpu {

// Returns kernels/common/verify.cuh, compiled for the host.
const tw_cpu::Module& verify_module();
// Returns the names of its entries, in their order.
const std::vector<std::string>& verify_entries();

}  // namespace tw::gpu
