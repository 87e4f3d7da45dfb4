// How much a choice of configurations loses: slowdowns against the fastest ones.
#pragma once
#include <cstddef>
#include <vector>

namespace tw {

// The distribution of slowdowns. All are 1 if there is nothing.
struct Regret {
  std::size_t count = 0;
  double geomean = 1, p95 = 1, worst = 1;
};
// The 95th percentile is the smallest slowdown that at least 95 % do not exceed.
Regret regret_of(std::vector<double> slowdowns);

}  // namespace tw
