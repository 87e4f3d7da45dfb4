// A seeded random generator whose sequences are the same on every machine. The sequences of the
// standard library's distributions are not.
#pragma once
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace tw {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // Returns a number uniformly from [0, bound); bound > 0. Rejection makes it exact.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = engine_.max() - engine_.max() % bound;
    std::uint64_t value = engine_();
    while (value >= limit) value = engine_();
    return value % bound;
  }
  // Returns a number uniformly from [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tw
