// Samples uniformly, without replacement, from the indices of a space.
#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "search/strategies/random.h"

namespace tw {

// A lazy Fisher-Yates shuffle. Memory grows with the number of draws, not with the space.
class Sampler {
 public:
  Sampler(std::size_t size, std::uint64_t seed) : size_(size), random_(seed) {}

  // Returns the next index in a random order of all indices; nothing when all are drawn.
  std::optional<std::size_t> draw() {
    if (drawn_ == size_) return std::nullopt;
    const std::size_t at = drawn_ + static_cast<std::size_t>(random_.below(size_ - drawn_));
    const std::size_t value = value_at(at);
    moved_[at] = value_at(drawn_);
    moved_.erase(drawn_++);
    return value;
  }

 private:
  std::size_t value_at(std::size_t position) const {
    const auto found = moved_.find(position);
    return found == moved_.end() ? position : found->second;
  }

  std::size_t size_, drawn_ = 0;
  std::unordered_map<std::size_t, std::size_t> moved_;
  Random random_;
};

}  // namespace tw
