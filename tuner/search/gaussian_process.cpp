#include "gaussian_process.h"

#include <algorithm>
#include <cmath>

namespace tw {

Correlation::Correlation(const KnobGeometry& geometry, const Hyperparameters& hyperparameters)
    : tables_(geometry.knobs()), noise_(hyperparameters.noise) {
  for (std::size_t k = 0; k < tables_.size(); ++k) {
    levels_.push_back(geometry.levels(k));
    tables_[k].assign(levels_[k] * levels_[k], 0);
  }
  for (std::size_t f = 0; f < geometry.features().size(); ++f) {
    const KnobGeometry::Feature& feature = geometry.features()[f];
    const auto weight = static_cast<float>(hyperparameters.weights[f]);
    std::vector<float>& table = tables_[feature.knob];
    for (std::size_t i = 0; i < table.size(); ++i) table[i] += weight * feature.distances[i];
  }
  for (std::vector<float>& table : tables_) {
    for (float& entry : table) entry = std::exp(-entry);
  }
}

void GaussianProcess::add(Levels point) {
  const std::size_t n = points_.size();
  double rest = 1 + correlation_.noise();
  factor_.reserve(factor_.size() + n + 1);
  const std::size_t begin = factor_.size();
  for (std::size_t i = 0; i < n; ++i) {
    double sum = correlation_(point, points_[i]);
    const double* row = factor(i);
    for (std::size_t m = 0; m < i; ++m) sum -= factor_[begin + m] * row[m];
    factor_.push_back(sum / row[i]);
    rest -= factor_.back() * factor_.back();
  }
  factor_.push_back(std::sqrt(std::max(rest, 1e-10)));
  points_.push_back(std::move(point));
}

void GaussianProcess::set_values(std::span<const double> values) {
  const std::size_t n = points_.size();
  whitened_.resize(n);
  std::vector<double> ones(n);
  double one_one = 0, one_value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double value = values[i], one = 1;
    const double* row = factor(i);
    for (std::size_t m = 0; m < i; ++m) {
      value -= row[m] * whitened_[m];
      one -= row[m] * ones[m];
    }
    whitened_[i] = value / row[i];
    ones[i] = one / row[i];
    one_one += ones[i] * ones[i];
    one_value += ones[i] * whitened_[i];
  }
  mean_ = one_value / one_one;
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    whitened_[i] -= mean_ * ones[i];
    squares += whitened_[i] * whitened_[i];
  }
  variance_ = std::max(squares / static_cast<double>(n), 1e-12);
}

}  // namespace tw
