#include "search/strategies/latin_hypercube.h"

#include <cstdlib>
#include <deque>
#include <limits>

#include "search/strategies/strategies.h"

namespace tw {
namespace {

constexpr std::size_t design = 16;      // points of one hypercube of the strategy
constexpr std::size_t candidates = 64;  // random configurations to replace an invalid point

// Returns the levels of `count` points, column by column.
std::vector<std::vector<int>> hypercube(Explorer& explorer, std::size_t count) {
  const std::vector<Knob>& knobs = explorer.space().knobs();
  std::vector<std::vector<int>> points(count, std::vector<int>(knobs.size()));
  std::vector<std::size_t> strata(count);
  for (std::size_t knob = 0; knob < knobs.size(); ++knob) {
    const std::size_t values = knobs[knob].values.size();
    const std::size_t offset = explorer.random().below(count);
    for (std::size_t i = 0; i < count; ++i) strata[i] = i;
    explorer.random().shuffle(strata);
    for (std::size_t i = 0; i < count; ++i) {
      // Without the offset, a knob of few values would always leave out the same values.
      points[i][knob] = static_cast<int>((strata[i] * values + offset) / count % values);
    }
  }
  return points;
}

double distance(const SearchSpace& space, std::size_t index, const std::vector<int>& levels) {
  double sum = 0;
  for (std::size_t knob = 0; knob < levels.size(); ++knob) {
    const Knob& k = space.knobs()[knob];
    const int steps = std::abs(space.level(index, knob) - levels[knob]);
    if (steps == 0) continue;
    const bool is_ordered = k.kind == Knob::Kind::integer && k.values.size() > 2;
    sum += is_ordered ? steps / (static_cast<double>(k.values.size()) - 1) : 1;
  }
  return sum;
}

// Returns the new configuration with these levels or, if there is none, the nearest of some random
// new ones.
std::optional<std::size_t> nearest_new(Explorer& explorer, const std::vector<int>& levels) {
  const SearchSpace& space = explorer.space();
  if (const auto index = space.find_levels(levels); index && explorer.is_new(*index)) return index;
  std::optional<std::size_t> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates; ++i) {
    const std::size_t index = explorer.random().below(space.size());
    if (!explorer.is_new(index)) continue;
    const double d = distance(space, index, levels);
    if (d >= least) continue;
    least = d;
    best = index;
  }
  return best;
}

class LatinHypercube : public Strategy {
 public:
  LatinHypercube(const SearchSpace& space, std::uint64_t seed) : explorer_(space, seed) {}

  std::vector<std::size_t> ask(std::size_t at_most) override {
    std::vector<std::size_t> indices;
    while (indices.size() < at_most) {
      if (queue_.empty()) {
        const auto points = latin_hypercube(explorer_, design);
        queue_.assign(points.begin(), points.end());
      }
      if (queue_.empty()) break;
      if (!told_.contains(queue_.front())) indices.push_back(queue_.front());
      queue_.pop_front();
    }
    return indices;
  }
  void tell(std::span<const Evaluation> evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      explorer_.mark(evaluation.index);
      told_.insert(evaluation.index);
    }
  }

 private:
  Explorer explorer_;
  std::deque<std::size_t> queue_;
  std::unordered_set<std::size_t> told_;
};

}  // namespace

std::vector<std::size_t> latin_hypercube(Explorer& explorer, std::size_t count) {
  std::vector<std::size_t> indices;
  if (explorer.seen() >= explorer.space().size()) return indices;
  for (const std::vector<int>& levels : hypercube(explorer, count)) {
    std::optional<std::size_t> index = nearest_new(explorer, levels);
    if (index) {
      explorer.mark(*index);
    } else {
      index = explorer.draw();
    }
    if (!index) break;
    indices.push_back(*index);
  }
  return indices;
}

std::unique_ptr<Strategy> make_latin_hypercube(const SearchSpace& space, std::uint64_t seed) {
  return std::make_unique<LatinHypercube>(space, seed);
}

}  // namespace tw
