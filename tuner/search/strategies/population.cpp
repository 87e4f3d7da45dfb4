#include "search/strategies/population.h"

namespace tw {
namespace {

constexpr int attempts = 20;  // to breed a new child

}  // namespace

std::optional<Evolution::Child> Evolution::next() {
  if (members_.size() == size_) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
      const Child child = breed();
      if (explorer_.is_new(child.index)) return child;
      const auto neighbour = explorer_.new_neighbour(child.index, false);
      if (neighbour) return Child{*neighbour, child.parent};
    }
  }
  const std::optional<std::size_t> index = explorer_.draw();
  if (!index) return std::nullopt;
  return Child{*index, explorer_.random().below(size_)};
}

std::vector<std::size_t> Evolution::ask(std::size_t at_most) {
  std::vector<std::size_t> indices;
  while (indices.size() < at_most) {
    const std::optional<Child> child = next();
    if (!child) break;
    explorer_.mark(child->index);
    parent_of_[child->index] = child->parent;
    indices.push_back(child->index);
  }
  return indices;
}

void Evolution::tell(std::span<const Evaluation> evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    explorer_.mark(evaluation.index);
    if (members_.size() < size_) {
      members_.push_back(evaluation);
      continue;
    }
    const auto known = parent_of_.find(evaluation.index);
    const std::size_t place =
        known == parent_of_.end() ? explorer_.random().below(size_) : known->second;
    if (known != parent_of_.end()) parent_of_.erase(known);
    if (evaluation.time_ns <= members_[place].time_ns) members_[place] = evaluation;
  }
}

}  // namespace tw
