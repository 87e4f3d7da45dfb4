#include "search/surrogate/candidates.h"

#include <algorithm>
#include <cmath>

namespace tw {
namespace {

constexpr double least_variance = 1e-9;  // as a fraction of the variance of the process

}  // namespace

double log_expected_improvement(const Prediction& prediction, double best) {
  constexpr double root_half = 0.7071067811865476, root_two_pi = 2.5066282746310002;
  const double z = (best - prediction.mean) / prediction.deviation;
  // Beyond this, uses the asymptote: the density divided by the square of z.
  if (z < -6) return std::log(prediction.deviation / root_two_pi) - 0.5 * z * z - 2 * std::log(-z);
  const double density = std::exp(-0.5 * z * z) / root_two_pi;
  return std::log(prediction.deviation * (0.5 * z * std::erfc(-z * root_half) + density));
}

Prediction predict(const GaussianProcess& process, const Levels& levels) {
  std::vector<double> row(process.size());
  double mean = process.mean(), rest = 1;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double* factor = process.factor(i);
    const double sum = process.correlation()(levels, process.point(i)) - dot(row.data(), factor, i);
    row[i] = sum / factor[i];
    mean += row[i] * process.whitened(i);
    rest -= row[i] * row[i];
  }
  return {mean, std::sqrt(process.variance() * std::max(rest, least_variance))};
}

bool can_improve_by(const GaussianProcess& process, const Levels& levels, double best,
                    double log_improvement) {
  const Prediction most{process.mean_at(levels), std::sqrt(process.variance())};
  return log_expected_improvement(most, best) > log_improvement;
}

void Candidates::reset(std::vector<std::size_t> indices) {
  indices_ = std::move(indices);
  levels_.clear();
  for (const std::size_t index : indices_) levels_.push_back(geometry_.row(space_, index));
  restart();
}

void Candidates::restart() {
  rows_.clear();
  explained_.assign(indices_.size(), 0);
}

void Candidates::add_point(const GaussianProcess& process, std::size_t point) {
  std::vector<float> row(indices_.size());
  const Levels& levels = process.point(point);
  for (std::size_t c = 0; c < row.size(); ++c) row[c] = process.correlation()(levels, levels_[c]);
  const double* factor = process.factor(point);
  for (std::size_t m = 0; m < point; ++m) {
    const auto entry = static_cast<float>(factor[m]);
    const float* other = rows_[m].data();
    for (std::size_t c = 0; c < row.size(); ++c) row[c] -= entry * other[c];
  }
  const auto scale = static_cast<float>(1 / factor[point]);
  for (std::size_t c = 0; c < row.size(); ++c) {
    row[c] *= scale;
    explained_[c] += row[c] * row[c];
  }
  rows_.push_back(std::move(row));
}

void Candidates::update(const GaussianProcess& process) {
  while (rows_.size() < process.size()) add_point(process, rows_.size());
  means_.assign(indices_.size(), 0);
  for (std::size_t m = 0; m < rows_.size(); ++m) {
    const auto weight = static_cast<float>(process.whitened(m));
    const float* row = rows_[m].data();
    for (std::size_t c = 0; c < means_.size(); ++c) means_[c] += weight * row[c];
  }
  mean_ = process.mean();
  variance_ = process.variance();
}

Prediction Candidates::prediction(std::size_t at) const {
  const double rest = std::max(1 - static_cast<double>(explained_[at]), least_variance);
  return {mean_ + static_cast<double>(means_[at]), std::sqrt(variance_ * rest)};
}

}  // namespace tw
