// A launch, as the scheduler and its blocks see it.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// How the threads of a block take turns between two barriers.
enum class Lanes {
  forwards,     // in a seeded permutation; each runs up to its next barrier or collective
  backwards,    // in the same permutation from its end, so that each thread of a pair is first once
  warps_ahead,  // each warp runs as far as it can before another warp runs, in a seeded permutation
};

struct Geometry {
  std::array<std::int64_t, 3> grid{1, 1, 1}, block{1, 1, 1};
  std::int64_t smem_bytes = 0;
};

inline std::int64_t product(const std::array<std::int64_t, 3>& extents) {
  return extents[0] * extents[1] * extents[2];
}

inline tw_cpu::Index index_of(std::int64_t linear, const std::array<std::int64_t, 3>& extents) {
  return {static_cast<unsigned>(linear % extents[0]),
          static_cast<unsigned>(linear / extents[0] % extents[1]),
          static_cast<unsigned>(linear / extents[0] / extents[1])};
}

struct Launch {
  const tw_cpu::Module* module = nullptr;
  const tw_cpu::EntryPoint* entry = nullptr;
  Geometry geometry;
  std::span<void* const> args;
  Lanes lanes = Lanes::forwards;
};

}  // namespace tw::cpu
