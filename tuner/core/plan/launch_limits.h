// The limits of a launch that all supported GPUs share (CUDA C++ Programming Guide, "Technical
// Specifications per Compute Capability"). `tune emit` copies this file into the headers that it
// writes. For this reason it is C++17 and includes only <cstdint>.
#pragma once
#include <cstdint>

namespace tw::launch_limits {

inline constexpr std::int64_t grid[3] = {2147483647, 65535, 65535};  // blocks
inline constexpr std::int64_t block[3] = {1024, 1024, 64};           // threads
inline constexpr std::int64_t cluster_blocks = 8;                    // portable cluster size
inline constexpr std::int64_t cluster_cc = 90;  // the first compute capability with clusters

}  // namespace tw::launch_limits
