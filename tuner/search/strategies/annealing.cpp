// Simulated annealing (S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220, 1983) over changes
// of one knob. Energies are logarithms of times, so at a temperature of 0.1 a configuration that is
// 10 % slower is accepted with probability 1/e. The temperature falls by a constant factor with
// each answer. When it is frozen, the search starts again from a random configuration.
#include <cmath>
#include <limits>

#include "search/strategies/explorer.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

constexpr double hot = 0.5, frozen = 0.002, cooling = 0.95;

class Annealing : public Strategy {
 public:
  Annealing(const SearchSpace& space, std::uint64_t seed) : explorer_(space, seed) {}

  std::vector<std::size_t> ask(std::size_t at_most) override {
    std::vector<std::size_t> indices;
    while (indices.size() < at_most) {
      std::optional<std::size_t> index;
      if (has_current_) index = explorer_.new_neighbour(current_, false);
      if (index) {
        explorer_.mark(*index);
      } else {
        has_current_ = false;  // nothing new around it
        index = explorer_.draw();
      }
      if (!index) break;
      indices.push_back(*index);
    }
    return indices;
  }

  void tell(std::span<const Evaluation> evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      explorer_.mark(evaluation.index);
      step(evaluation);
    }
  }

 private:
  void step(const Evaluation& evaluation) {
    const bool is_ok = evaluation.time_ns < std::numeric_limits<double>::infinity();
    const bool is_start = is_ok && !has_current_;
    if (is_start) temperature_ = hot;
    if (is_start || (is_ok && is_accepted(evaluation.time_ns))) {
      has_current_ = true;
      current_ = evaluation.index;
      current_ns_ = evaluation.time_ns;
    }
    temperature_ *= cooling;
    if (temperature_ < frozen) has_current_ = false;
  }

  bool is_accepted(double time_ns) {
    if (time_ns <= current_ns_) return true;
    return explorer_.random().uniform() < std::exp(-std::log(time_ns / current_ns_) / temperature_);
  }

  Explorer explorer_;
  std::size_t current_ = 0;
  double current_ns_ = 0, temperature_ = hot;
  bool has_current_ = false;
};

}  // namespace

std::unique_ptr<Strategy> make_annealing(const SearchSpace& space, std::uint64_t seed) {
  return std::make_unique<Annealing>(space, seed);
}

}  // namespace tw
