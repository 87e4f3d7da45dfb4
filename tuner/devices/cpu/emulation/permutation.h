// The permutation i -> (first + i * stride) % count of 0..count-1, which a seed chooses.
#pragma once
#include <cstdint>
#include <numeric>

#include "common/inputs.cuh"

namespace tw::cpu {

class Permutation {
 public:
  Permutation(std::uint64_t seed, std::int64_t count, bool backwards)
      : count_(count), backwards_(backwards) {
    const auto unsigned_count = static_cast<std::uint64_t>(count);
    first_ = static_cast<std::int64_t>(verify::mix(seed) % unsigned_count);
    stride_ = static_cast<std::int64_t>(verify::mix(seed + 1) % unsigned_count);
    while (std::gcd(stride_, count) != 1) stride_ = (stride_ + 1) % count;
  }
  std::int64_t operator[](std::int64_t i) const {
    return (first_ + (backwards_ ? count_ - 1 - i : i) * stride_) % count_;
  }

 private:
  std::int64_t count_, first_ = 0, stride_ = 1;
  bool backwards_;
};

}  // namespace tw::cpu
