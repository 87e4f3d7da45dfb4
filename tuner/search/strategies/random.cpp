// Chooses uniformly among the valid configurations, without replacement. This is the baseline of
// every strategy.
#include "search/strategies/random.h"

#include <unordered_set>

#include "search/strategies/sampler.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

class RandomSearch : public Strategy {
 public:
  RandomSearch(const SearchSpace& space, std::uint64_t seed) : sampler_(space.size(), seed) {}

  std::vector<std::size_t> ask(std::size_t at_most) override {
    std::vector<std::size_t> indices;
    while (indices.size() < at_most) {
      const std::optional<std::size_t> index = sampler_.draw();
      if (!index) break;
      if (!known_.contains(*index)) indices.push_back(*index);
    }
    return indices;
  }
  void tell(std::span<const Evaluation> evaluations) override {
    for (const Evaluation& evaluation : evaluations) known_.insert(evaluation.index);
  }

 private:
  Sampler sampler_;
  std::unordered_set<std::size_t> known_;
};

}  // namespace

std::unique_ptr<Strategy> make_random(const SearchSpace& space, std::uint64_t seed) {
  return std::make_unique<RandomSearch>(space, seed);
}

}  // namespace tw
