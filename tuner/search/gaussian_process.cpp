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
    const double* row = factor(i);
    const double sum = correlation_(point, points_[i]) - dot(&factor_[begin], row, i);
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
    const double* row = factor(i);
    whitened_[i] = (values[i] - dot(row, whitened_.data(), i)) / row[i];
    ones[i] = (1 - dot(row, ones.data(), i)) / row[i];
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
  dual_ = whitened_;
  for (std::size_t i = n; i-- > 0;) {
    const double* row = factor(i);
    dual_[i] /= row[i];
    for (std::size_t m = 0; m < i; ++m) dual_[m] -= dual_[i] * row[m];
  }
}

double GaussianProcess::mean_at(const Levels& levels) const {
  double mean = mean_;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    mean += static_cast<double>(correlation_(levels, points_[i])) * dual_[i];
  }
  return mean;
}

}  // namespace tw
