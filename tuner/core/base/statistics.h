// Order statistics of samples. Definitions and sources are in docs/measuring.md.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace tw {

double median(std::vector<double> samples);  // 0 if empty
struct Interval {
  double low = 0, high = 0;
};
// With fewer than six samples, even their range encloses the median with less than 95 %: for five
// samples 1 - 2^(1 - 5).
inline constexpr std::size_t least_for_interval = 6;
// Returns the distribution-free 95 % confidence interval of the median from order statistics
// (binomial). With fewer than six samples, returns their range.
Interval median_interval(std::vector<double> samples);
double geometric_mean(std::span<const double> values);

}  // namespace tw
