#include "search/surrogate/gaussian_process.h"

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

// Returns the inverse of the factor times the values.
std::vector<double> GaussianProcess::whiten(std::span<const double> values) const {
  std::vector<double> whitened(points_.size());
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const double* row = factor(i);
    whitened[i] = (values[i] - dot(row, whitened.data(), i)) / row[i];
  }
  return whitened;
}

double GaussianProcess::share_of(std::span<const double> trend, std::span<const double> values,
                                 double deviation) const {
  const std::size_t n = points_.size();
  const std::vector<double> ones = whiten(std::vector<double>(n, 1.0));
  std::vector<double> x = whiten(trend), y = whiten(values);
  const double one_one = dot(ones.data(), ones.data(), n);
  const double x_mean = dot(ones.data(), x.data(), n) / one_one;
  const double y_mean = dot(ones.data(), y.data(), n) / one_one;
  double x_x = 0, x_y = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    x[i] -= x_mean * ones[i];
    y[i] -= y_mean * ones[i];
    x_x += x[i] * x[i];
    x_y += x[i] * y[i];
    squares += (y[i] - x[i]) * (y[i] - x[i]);
  }
  const double expectation = squares / static_cast<double>(n) / (deviation * deviation);
  const double total = x_x + expectation;
  return total > 0 ? (x_y + expectation) / total : 1;
}

void GaussianProcess::set_values(std::span<const double> values) {
  const std::size_t n = points_.size();
  const std::vector<double> ones = whiten(std::vector<double>(n, 1.0));
  whitened_ = whiten(values);
  const double one_one = dot(ones.data(), ones.data(), n);
  mean_ = dot(ones.data(), whitened_.data(), n) / one_one;
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
