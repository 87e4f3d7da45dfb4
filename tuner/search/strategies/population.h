// The steady-state population of the evolutionary strategies. They ask for children one by one, and
// each child takes a place as soon as its result is told.
#pragma once
#include <limits>
#include <unordered_map>
#include <vector>

#include "search/strategies/explorer.h"
#include "search/strategies/strategy.h"

namespace tw {

inline constexpr std::size_t usual_population = 20;

// A strategy with a population.
class Evolution : public Strategy {
 public:
  std::vector<std::size_t> ask(std::size_t at_most) override;
  void tell(std::span<const Evaluation> evaluations) override;

 protected:
  struct Child {
    std::size_t index = 0;
    std::size_t parent = 0;  // the child takes its place if it is better
  };
  Evolution(const SearchSpace& space, std::uint64_t seed, std::size_t size)
      : explorer_(space, seed), size_(size) {}
  // Returns a valid configuration made from the members. It may have been asked for before.
  virtual Child breed() = 0;
  const std::vector<Evaluation>& members() const { return members_; }
  Explorer explorer_;

 private:
  std::optional<Child> next();

  std::size_t size_;
  std::vector<Evaluation> members_;
  std::unordered_map<std::size_t, std::size_t> parent_of_;  // children without a result yet
};

}  // namespace tw
