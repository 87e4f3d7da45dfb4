#pragma once
#include <cstdint>

namespace tw::gpu {

// An address in the device's memory, as kernels take it; 0: none.
using Address = std::uint64_t;

}  // namespace tw::gpu
