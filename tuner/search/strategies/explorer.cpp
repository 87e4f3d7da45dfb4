#include "search/strategies/explorer.h"

#include <numeric>

namespace tw {

std::optional<std::size_t> Explorer::draw() {
  while (const std::optional<std::size_t> index = sampler_.draw()) {
    if (seen_.insert(*index).second) return index;
  }
  return std::nullopt;
}

std::optional<std::size_t> Explorer::new_neighbour(std::size_t index, bool adjacent) {
  std::vector<std::size_t> fresh;
  for (const std::size_t neighbour : space_.neighbours(index, adjacent)) {
    if (is_new(neighbour)) fresh.push_back(neighbour);
  }
  if (fresh.empty()) return std::nullopt;
  return fresh[random_.below(fresh.size())];
}

std::size_t Explorer::repair(std::vector<int> levels, std::size_t anchor) {
  if (const auto index = space_.find_levels(levels)) return *index;
  std::vector<std::size_t> order(levels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random_.shuffle(order);
  for (const std::size_t knob : order) {
    const int own = space_.level(anchor, knob);
    if (levels[knob] == own) continue;
    levels[knob] = own;
    if (const auto index = space_.find_levels(levels)) return *index;
  }
  return anchor;
}

std::vector<int> Explorer::levels_of(std::size_t index) const {
  std::vector<int> levels(space_.knobs().size());
  for (std::size_t knob = 0; knob < levels.size(); ++knob) levels[knob] = space_.level(index, knob);
  return levels;
}

}  // namespace tw
