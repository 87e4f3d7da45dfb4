// The base of the strategies that move through a space.
#pragma once
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/space/space.h"
#include "search/strategies/random.h"
#include "search/strategies/sampler.h"

namespace tw {

// Knows which configurations were asked for, draws random new ones, and repairs invalid ones.
class Explorer {
 public:
  Explorer(const SearchSpace& space, std::uint64_t seed)
      : space_(space), sampler_(space.size(), seed), random_(seed ^ 0x9e3779b97f4a7c15u) {}

  const SearchSpace& space() const { return space_; }
  Random& random() { return random_; }
  bool is_new(std::size_t index) const { return !seen_.contains(index); }
  void mark(std::size_t index) { seen_.insert(index); }
  std::size_t seen() const { return seen_.size(); }

  // Draws a new configuration uniformly and marks it. Returns nothing if none is left.
  std::optional<std::size_t> draw();
  // Returns a new configuration, uniformly, that differs from `index` in one knob (with `adjacent`,
  // by one step of an ordered knob). Returns nothing if there is none. Does not mark it.
  std::optional<std::size_t> new_neighbour(std::size_t index, bool adjacent);
  // Returns the configuration with these levels if it is valid. Otherwise sets knobs back to their
  // levels in the valid configuration `anchor`, one by one in random order, until the levels are
  // valid.
  std::size_t repair(std::vector<int> levels, std::size_t anchor);
  std::vector<int> levels_of(std::size_t index) const;

 private:
  const SearchSpace& space_;
  Sampler sampler_;
  Random random_;
  std::unordered_set<std::size_t> seen_;
};

}  // namespace tw
