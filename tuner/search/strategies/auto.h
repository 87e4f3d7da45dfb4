// The default strategy, and what was chosen about it.
#pragma once
#include <memory>

#include "search/strategies/strategy.h"
#include "search/surrogate/gaussian_process.h"

namespace tw {

// What has no right value, only ones that were good on the spaces looked at. bench_strategies
// --cross-validate chooses each anew on all kernels but one, and judges by that one.
struct AutoSettings {
  double roughness = 1.5;       // the power of distances: 1 expects rough times, 2 smooth ones
  Prior prior;                  // of the process's weights
  double slow = 0.5;            // times beyond this quantile count as that
  std::size_t design = 4;       // evaluations before the model has its say
  std::size_t sweep_every = 4;  // without gains each so many-th evaluation is next to a good one
};

std::unique_ptr<Strategy> make_auto(const SearchSpace& space, std::uint64_t seed,
                                    const AutoSettings& settings = {});

}  // namespace tw
