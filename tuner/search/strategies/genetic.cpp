// A genetic algorithm with a steady-state population: parents by tournament, uniform crossover, and
// a mutation of about one knob. A child takes the place of the worse parent.
#include "search/strategies/population.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

class Genetic : public Evolution {
 public:
  Genetic(const SearchSpace& space, std::uint64_t seed)
      : Evolution(space, seed, usual_population) {}

 private:
  // Returns the better of two random members.
  std::size_t tournament() {
    const std::size_t a = explorer_.random().below(members().size());
    const std::size_t b = explorer_.random().below(members().size());
    return members()[a].time_ns <= members()[b].time_ns ? a : b;
  }

  Child breed() override {
    const std::size_t a = tournament(), b = tournament();
    std::vector<int> levels = explorer_.levels_of(members()[a].index);
    const std::vector<Knob>& knobs = explorer_.space().knobs();
    for (std::size_t knob = 0; knob < levels.size(); ++knob) {
      const std::uint64_t chance = explorer_.random().below(2 * knobs.size());
      if (chance % 2 == 0) levels[knob] = explorer_.space().level(members()[b].index, knob);
      if (chance / 2 == 0) {
        levels[knob] = static_cast<int>(explorer_.random().below(knobs[knob].values.size()));
      }
    }
    const std::size_t worse = members()[a].time_ns >= members()[b].time_ns ? a : b;
    return {explorer_.repair(std::move(levels), members()[a].index), worse};
  }
};

}  // namespace

std::unique_ptr<Strategy> make_genetic(const SearchSpace& space, std::uint64_t seed) {
  return std::make_unique<Genetic>(space, seed);
}

}  // namespace tw
