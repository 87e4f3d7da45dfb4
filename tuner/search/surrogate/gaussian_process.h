// A Gaussian process over configurations: predicts all configurations from some evaluations.
//
// The correlation of two configurations is exp(-sum over features of weight * distance). The mean
// is constant. Mean and variance are those of the largest likelihood given the weights. Source of
// the formulas: C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", MIT
// Press 2006, chapters 2 and 5.
#pragma once
#include <span>
#include <vector>

#include "search/surrogate/knob_geometry.h"

namespace tw {

// The dot product, in four sums, because processors add four numbers at a time.
inline double dot(const double* a, const double* b, std::size_t n) {
  double sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The assumptions of a Gaussian process before it gets any value: one weight for each feature, and
// the variance of the noise as a fraction of the variance of the signal.
struct Hyperparameters {
  std::vector<double> weights;
  double noise = 0;
};

// The prior of the hyperparameters: their logarithms are normally distributed around the logarithms
// of these medians.
struct Prior {
  double weight = 0.25, noise = 1e-3;  // medians
  double spread = 1;                   // standard deviation of the logarithms
};
Hyperparameters median(const Prior& prior, const KnobGeometry& geometry);

// Returns the hyperparameters of the largest posterior density near `start`, after `steps` steps of
// resilient propagation (M. Riedmiller, H. Braun, 1993) on the logarithms. Costs about n^3
// operations per step.
Hyperparameters most_likely(const Prior& prior, const KnobGeometry& geometry,
                            std::span<const Levels> points, std::span<const double> values,
                            Hyperparameters start, int steps);

// The correlation of configurations, in tables.
class Correlation {
 public:
  Correlation(const KnobGeometry& geometry, const Hyperparameters& hyperparameters);
  float operator()(const Levels& a, const Levels& b) const {
    float product = 1;
    for (std::size_t k = 0; k < tables_.size(); ++k) {
      product *= tables_[k][a[k] * levels_[k] + b[k]];
    }
    return product;
  }
  double noise() const { return noise_; }

 private:
  std::vector<std::vector<float>> tables_;  // for each knob, levels x levels
  std::vector<std::size_t> levels_;
  double noise_;
};

// A Gaussian process with data. Holds the Cholesky factor of the points' covariance, which grows
// row by row, and the values whitened by the factor.
class GaussianProcess {
 public:
  explicit GaussianProcess(Correlation correlation) : correlation_(std::move(correlation)) {}

  void add(Levels point);
  void set_values(std::span<const double> values);  // one for each point
  // Returns the factor of `trend` (one number for each point) with which the values most probably
  // go up and down, by generalised least squares. The expected factor is 1, with a standard
  // deviation of `deviation`.
  double share_of(std::span<const double> trend, std::span<const double> values,
                  double deviation) const;
  double mean_at(const Levels& levels) const;  // the expected value at a configuration

  std::size_t size() const { return points_.size(); }
  const Correlation& correlation() const { return correlation_; }
  const Levels& point(std::size_t i) const { return points_[i]; }
  const double* factor(std::size_t i) const { return &factor_[i * (i + 1) / 2]; }  // i + 1 numbers
  double whitened(std::size_t i) const { return whitened_[i]; }
  double mean() const { return mean_; }
  double variance() const { return variance_; }

 private:
  std::vector<double> whiten(std::span<const double> values) const;

  Correlation correlation_;
  std::vector<Levels> points_;
  std::vector<double> factor_, whitened_;
  std::vector<double> dual_;  // the covariance's inverse times the values minus their mean
  double mean_ = 0, variance_ = 1;
};

}  // namespace tw
