// First-improvement hill climbing over changes of one knob. Starts from the default and a few
// random configurations, climbs from the best of them, moves as soon as a neighbour is better, and
// starts again from new random configurations at a local optimum.
#include <algorithm>
#include <deque>
#include <limits>
#include <unordered_set>

#include "search/strategies/random.h"
#include "search/strategies/sampler.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

constexpr int starts_per_climb = 12;  // random configurations before a climb

class LocalSearch : public Strategy {
 public:
  LocalSearch(const SearchSpace& space, std::uint64_t seed)
      : space_(space), sampler_(space.size(), seed), random_(seed ^ 0x9e3779b97f4a7c15u) {
    queue_.push_back(space.default_index());
    plan_starts();
  }

  std::vector<std::size_t> ask(std::size_t at_most) override {
    std::vector<std::size_t> indices;
    while (indices.size() < at_most) {
      const std::optional<std::size_t> index = next();
      if (!index) break;
      seen_.insert(*index);
      indices.push_back(*index);
    }
    return indices;
  }

  void tell(std::span<const Evaluation> evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      seen_.insert(evaluation.index);
      if (evaluation.time_ns >= best_of_climb_) continue;
      best_of_climb_ = evaluation.time_ns;
      top_ = evaluation.index;
      if (climbing_) climb_from(top_);
    }
  }

 private:
  std::optional<std::size_t> next() {
    while (true) {
      while (!queue_.empty()) {
        const std::size_t index = queue_.front();
        queue_.pop_front();
        if (!seen_.contains(index)) return index;
      }
      if (!climbing_ && best_of_climb_ < std::numeric_limits<double>::infinity()) {
        climbing_ = true;
        climb_from(top_);
      } else if (const bool left = plan_starts(); !left) {
        return std::nullopt;
      }
    }
  }

  void climb_from(std::size_t index) {
    std::vector<std::size_t> neighbours = space_.neighbours(index);
    random_.shuffle(neighbours);
    queue_.assign(neighbours.begin(), neighbours.end());
  }

  // Plans a new climb, and forgets the best time of the last one. Returns false if no unseen
  // configuration is left.
  bool plan_starts() {
    climbing_ = false;
    best_of_climb_ = std::numeric_limits<double>::infinity();
    int planned = 0;
    while (planned < starts_per_climb) {
      const std::optional<std::size_t> index = sampler_.draw();
      if (!index) break;
      if (seen_.contains(*index)) continue;
      queue_.push_back(*index);
      ++planned;
    }
    return planned > 0;
  }

  const SearchSpace& space_;
  Sampler sampler_;
  Random random_;
  std::deque<std::size_t> queue_;
  std::unordered_set<std::size_t> seen_;
  std::size_t top_ = 0;
  double best_of_climb_ = std::numeric_limits<double>::infinity();
  bool climbing_ = false;
};

}  // namespace

std::unique_ptr<Strategy> make_local(const SearchSpace& space, std::uint64_t seed) {
  return std::make_unique<LocalSearch>(space, seed);
}

}  // namespace tw
