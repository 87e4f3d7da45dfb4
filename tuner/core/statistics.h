// Order statistics of samples. Definitions and sources in docs/measuring.md.
#pragma once
#include <span>
#include <vector>

namespace tw {

double median(std::vector<double> samples);  // 0 if empty
struct Interval {
  double low = 0, high = 0;
};
// Distribution-free 95 % confidence interval of the median from order statistics (binomial); with
// fewer than six samples: their range.
Interval median_interval(std::vector<double> samples);
double geometric_mean(std::span<const double> values);

}  // namespace tw
