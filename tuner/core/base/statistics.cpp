// Order statistics. They need no assumption about the distribution of the times.
#include "core/base/statistics.h"

#include <algorithm>
#include <cmath>

namespace tw {
namespace {

// Returns the largest k (from 1) for which the k-th smallest and the k-th largest of n samples
// enclose the median with at least 95 %: P(Binomial(n, 1/2) < k) <= 0.025. Returns at least 1.
std::size_t rank_of_interval(std::size_t n) {
  const double count = static_cast<double>(n);
  const double log_all = count * std::log(2.0);
  double below = 0;  // P(Binomial < k)
  std::size_t k = 0;
  while (2 * k < n) {
    const double i = static_cast<double>(k);
    below += std::exp(std::lgamma(count + 1) - std::lgamma(i + 1) - std::lgamma(count - i + 1) -
                      log_all);
    if (below > 0.025) break;
    ++k;
  }
  return std::max<std::size_t>(k, 1);
}

}  // namespace

double median(std::vector<double> samples) {
  if (samples.empty()) return 0;
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  if (samples.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(samples.begin(), middle)) / 2;
}

Interval median_interval(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const std::size_t k = rank_of_interval(samples.size());
  return {samples[k - 1], samples[samples.size() - k]};
}

double geometric_mean(std::span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace tw
