#include "verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "values.h"

namespace tw::cpu {
namespace {

double error_in_ulps(double value, double expected, double magnitude, double ulp) {
  if (value == expected || (std::isnan(value) && std::isnan(expected))) return 0;
  const double error = std::fabs(value - expected) / (ulp * magnitude);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

Verdict judge(const PlanTensor& tensor, const std::byte* actual, const std::byte* before,
              std::span<const double> expected, std::span<const double> magnitude,
              double tolerance_ulps) {
  Verdict verdict;
  const double ulp = ulp_of(tensor.dtype);
  std::vector<bool> in_layout(static_cast<std::size_t>(tensor.layout.elements));
  std::int64_t count = 0, wrong = 0;
  std::string worst;
  for_each_element(tensor.layout, [&](std::int64_t index, const std::vector<std::int64_t>& at) {
    const auto i = static_cast<std::size_t>(index);
    in_layout[i] = true;
    ++count;
    const double value = read_element(tensor.dtype, actual, index);
    const double error = error_in_ulps(value, expected[i], magnitude[i], ulp);
    if (error > tolerance_ulps) ++wrong;
    if (error <= verdict.worst_ulps) return;
    verdict.worst_ulps = error;
    if (error > tolerance_ulps) {
      worst = fmt::format("{}[{}] = {:.6g}, expected {:.6g}", tensor.name, fmt::join(at, ","),
                          value, expected[i]);
    }
  });
  if (wrong > 0) {
    verdict.wrong =
        fmt::format("{}, error {:.2g} ulps of {:.2g} allowed; {:.2g} % of elements wrong", worst,
                    verdict.worst_ulps, tolerance_ulps,
                    100.0 * static_cast<double>(wrong) / static_cast<double>(count));
  }
  const auto size = static_cast<std::size_t>(size_of(tensor.dtype));
  for (std::size_t i = 0; i < in_layout.size(); ++i) {
    if (in_layout[i] || std::memcmp(actual + i * size, before + i * size, size) == 0) continue;
    verdict.stray =
        fmt::format("wrote between the rows of {}, {} elements from its start", tensor.name, i);
    break;
  }
  return verdict;
}

}  // namespace tw::cpu
