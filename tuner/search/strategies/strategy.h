// A search strategy: it is asked for configurations and told their results. It owns no budget, no
// clock and no device.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/measurement.h"
#include "core/space/space.h"

namespace tw {

// One configuration that a search tried.
struct Evaluation {
  std::size_t index = 0;  // index into the space
  // The median; infinity if the outcome is not ok. With another objective than the time, its value
  // (core/plan/objective.h). Strategies only compare values.
  double time_ns = 0;
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // Returns at most `at_most` indices that were neither asked for nor told before. Returns fewer,
  // or none, while it waits to be told. Returns none, with nothing outstanding, when the space is
  // exhausted.
  virtual std::vector<std::size_t> ask(std::size_t at_most) = 0;
  // Tells results. Before the first ask, tells what the database already knows.
  virtual void tell(std::span<const Evaluation> evaluations) = 0;
  // Tells the times of the same configurations under other circumstances (another shape, dtype or
  // device), as hints of what may be good. Called at most once, before the first ask. Most
  // strategies ignore it.
  virtual void learn(std::span<const Evaluation> /*elsewhere*/) {}
  // Gives a forecast of a configuration's time, in ns, by its index. Only the comparison of
  // configurations matters, not the time itself. Called at most once, before the first ask. What
  // was learned counts more. Most strategies ignore it.
  virtual void expect(const std::function<double(std::size_t)>& /*forecast_ns*/) {}
};

// A strategy for lists.
struct StrategyInfo {
  std::string_view name, doc;
};
std::span<const StrategyInfo> strategies();
// Makes a strategy. Throws Error for an unknown name, with the list of names. The space must
// outlive the strategy. The strategy is deterministic for a seed.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const SearchSpace& space,
                                        std::uint64_t seed);

}  // namespace tw
