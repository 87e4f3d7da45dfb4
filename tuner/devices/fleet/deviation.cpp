#include "devices/fleet/deviation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/statistics.h"

namespace tw::fleet {
namespace {

// Says how the fastest and the slowest worker differ, unless the difference is small.
void compare_extremes(const std::vector<WorkerTime>& times, const std::string& work,
                      double tolerance, Comparison& comparison) {
  const auto [least, most] = std::minmax_element(
      times.begin(), times.end(),
      [](const WorkerTime& a, const WorkerTime& b) { return a.time_ns < b.time_ns; });
  const double ratio = most->time_ns / least->time_ns;
  if (ratio <= 1 + tolerance) return;
  comparison.notice =
      fmt::format("{} needs {:.1f} % more time than {} for {}: their times are not comparable",
                  most->worker, 100 * (ratio - 1), least->worker, work);
  const auto [a, b] = std::minmax(least->worker, most->worker);
  comparison.about = fmt::format("{}, {}: {}", a, b, work);
}

}  // namespace

Comparison compare_times(const std::vector<WorkerTime>& times, const std::string& work,
                         double tolerance) {
  Comparison comparison;
  if (times.size() < 2) return comparison;
  std::vector<double> values;
  for (const WorkerTime& one : times) values.push_back(one.time_ns);
  const double middle = median(values);
  for (std::size_t i = 0; i < times.size() && times.size() > 2; ++i) {
    const double deviation = times[i].time_ns / middle - 1;
    if (std::abs(deviation) <= tolerance) continue;
    comparison.deviations.push_back(
        {i, fmt::format("its time for {} differs by {:+.1f} % from the median of all workers", work,
                        100 * deviation)});
  }
  if (times.size() == 2 || comparison.deviations.size() == times.size()) {
    comparison.deviations.clear();
    compare_extremes(times, work, tolerance, comparison);
  }
  return comparison;
}

}  // namespace tw::fleet
