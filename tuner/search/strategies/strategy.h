// A search strategy: asked for configurations, told what became of them. It owns no budget, no
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

struct Evaluation {
  std::size_t index = 0;  // into the space
  double time_ns = 0;     // the median; infinity if the outcome is not ok
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // At most `at_most` indices that were neither asked for nor told before; fewer (even none) while
  // it waits to be told. None when nothing asked for is outstanding means: the space is exhausted.
  virtual std::vector<std::size_t> ask(std::size_t at_most) = 0;
  // Also called, before the first ask, with what the database knows already.
  virtual void tell(std::span<const Evaluation> evaluations) = 0;
  // Times of the same configurations under other circumstances (another shape, dtype or device):
  // hints of what may be good here, too. At most once, before the first ask. Most strategies take
  // none.
  virtual void learn(std::span<const Evaluation> /*elsewhere*/) {}
  // A forecast of a configuration's time, in ns, by its index: how configurations compare matters,
  // not how long they take. At most once, before the first ask; what was learned counts more. Most
  // strategies take none.
  virtual void expect(const std::function<double(std::size_t)>& /*forecast_ns*/) {}
};

struct StrategyInfo {
  std::string_view name, doc;
};
std::span<const StrategyInfo> strategies();
// Throws Error on an unknown name, with the list. The space must outlive the strategy.
// Deterministic for a seed.
std::unique_ptr<Strategy> make_strategy(std::string_view name, const SearchSpace& space,
                                        std::uint64_t seed);

}  // namespace tw
