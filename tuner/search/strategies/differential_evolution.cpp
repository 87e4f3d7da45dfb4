// Differential evolution (R. Storn, K. Price, Journal of Global Optimization 11, 1997), scheme
// best-or-random/1/bin, on the positions of values in a knob's list. A knob without an order takes
// the value of another member instead of a difference.
#include <algorithm>
#include <cmath>

#include "search/strategies/population.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

constexpr double scale = 0.8, crossover = 0.7;

class DifferentialEvolution : public Evolution {
 public:
  DifferentialEvolution(const SearchSpace& space, std::uint64_t seed)
      : Evolution(space, seed, usual_population) {}

 private:
  std::size_t any() { return explorer_.random().below(members().size()); }

  std::size_t base() {
    if (explorer_.random().below(2) == 0) return any();
    const auto best = std::min_element(
        members().begin(), members().end(),
        [](const Evaluation& a, const Evaluation& b) { return a.time_ns < b.time_ns; });
    return static_cast<std::size_t>(best - members().begin());
  }

  Child breed() override {
    const std::size_t target = any(), from = base(), plus = any(), minus = any();
    const auto level = [this](std::size_t member, std::size_t knob) {
      return explorer_.space().level(members()[member].index, knob);
    };
    std::vector<int> levels = explorer_.levels_of(members()[target].index);
    const std::size_t forced = explorer_.random().below(levels.size());
    for (std::size_t knob = 0; knob < levels.size(); ++knob) {
      if (knob != forced && explorer_.random().uniform() >= crossover) continue;
      const Knob& k = explorer_.space().knobs()[knob];
      if (k.kind == Knob::Kind::integer) {
        const double step = scale * (level(plus, knob) - level(minus, knob));
        const auto most = static_cast<int>(k.values.size()) - 1;
        levels[knob] = std::clamp(level(from, knob) + static_cast<int>(std::lround(step)), 0, most);
      } else {
        levels[knob] = level(level(plus, knob) == level(minus, knob) ? from : plus, knob);
      }
    }
    return {explorer_.repair(std::move(levels), members()[target].index), target};
  }
};

}  // namespace

std::unique_ptr<Strategy> make_differential_evolution(const SearchSpace& space,
                                                      std::uint64_t seed) {
  return std::make_unique<DifferentialEvolution>(space, seed);
}

}  // namespace tw
