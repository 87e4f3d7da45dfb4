// Order statistics of samples. Definitions and sources in docs/measuring.md.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace tw {

double median(std::vector<double> samples);  // 0 if empty
struct Interval {
  double low = 0, high = 0;
};
// With fewer samples even their range encloses the median with less than 95 %: 1 - 2^(1 - 5).
inline constexpr std::size_t least_for_interval = 6;
// Distribution-free 95 % confidence interval of the median from order statistics (binomial); with
// fewer than six samples: their range.
Interval median_interval(std::vector<double> samples);
double geometric_mean(std::span<const double> values);

}  // namespace tw
