#include "cover/regret.h"

#include <algorithm>
#include <cmath>

namespace tw {

Regret regret_of(std::vector<double> slowdowns) {
  Regret regret{.count = slowdowns.size()};
  if (slowdowns.empty()) return regret;
  std::sort(slowdowns.begin(), slowdowns.end());
  double sum = 0;
  for (const double one : slowdowns) sum += std::log(one);
  const auto count = static_cast<double>(slowdowns.size());
  regret.geomean = std::exp(sum / count);
  const auto rank = static_cast<std::size_t>(std::ceil(0.95 * count - 1e-9));
  regret.p95 = slowdowns[std::max<std::size_t>(rank, 1) - 1];
  regret.worst = slowdowns.back();
  return regret;
}

}  // namespace tw
