// The default strategy, and its settings.
#pragma once
#include <memory>

#include "search/strategies/strategy.h"
#include "search/surrogate/gaussian_process.h"

namespace tw {

// Settings that have no right value, only values that were good on the spaces examined.
// bench_strategies --cross-validate chooses each setting again on all kernels but one, and judges
// it by that one.
struct AutoSettings {
  double roughness = 1.5;       // power of distances: 1 expects rough times, 2 smooth ones
  Prior prior;                  // of the process's weights
  double slow = 0.5;            // times beyond this quantile count as this quantile
  std::size_t design = 4;       // evaluations before the model chooses
  std::size_t sweep_every = 4;  // without gains, every so many evaluations one is a sweep
};

std::unique_ptr<Strategy> make_auto(const SearchSpace& space, std::uint64_t seed,
                                    const AutoSettings& settings = {});

}  // namespace tw
