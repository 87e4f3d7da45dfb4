#include "cover/loss.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace tw {
namespace {

constexpr double most_forecast = 4;  // forecasts of larger slowdowns count as this one

double loss_by_forecasts(std::span<const std::optional<double>> forecasts, std::size_t nearest) {
  double best = std::numeric_limits<double>::infinity();
  for (const std::optional<double>& one : forecasts) best = std::min(best, one.value_or(best));
  if (!std::isfinite(best)) return 0;
  const std::optional<double>& its = forecasts[nearest];
  return std::log2(its ? std::min(*its / best, most_forecast) : most_forecast);
}

}  // namespace

double expected_loss(std::span<const double> distances,
                     std::span<const std::vector<double>> slowdowns,
                     std::span<const std::optional<double>> forecasts) {
  if (distances.size() < 2) return 0;
  std::vector<std::pair<double, std::size_t>> near;
  for (std::size_t i = 0; i < distances.size(); ++i) near.emplace_back(distances[i], i);
  std::partial_sort(near.begin(), near.begin() + 2, near.end());
  const std::size_t first = near[0].second, second = near[1].second;
  double lost = 0;
  for (const double slowdown : {slowdowns[second][first], slowdowns[first][second]}) {
    if (std::isfinite(slowdown)) lost = std::max(lost, std::log2(slowdown));
  }
  return lost + (forecasts.empty() ? 0 : loss_by_forecasts(forecasts, first));
}

}  // namespace tw
