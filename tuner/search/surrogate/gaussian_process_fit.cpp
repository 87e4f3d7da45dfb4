// Computes the weights and the noise of a Gaussian process from its observations.
#include <algorithm>
#include <cmath>
#include <limits>

#include "search/surrogate/gaussian_process.h"

namespace tw {
namespace {

using Matrix = std::vector<double>;  // row-major, n by n

// Overwrites the lower triangle with that of the Cholesky factor. Returns the logarithm of the
// determinant.
double factorise(Matrix& a, std::size_t n) {
  double log_determinant = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &a[i * n];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = &a[j * n];
      const double sum = row[j] - dot(row, other, j);
      row[j] = i == j ? std::sqrt(std::max(sum, 1e-10)) : sum / other[j];
    }
    log_determinant += 2 * std::log(row[i]);
  }
  return log_determinant;
}

// Returns the inverse (lower triangle) of the matrix whose Cholesky factor is given.
Matrix inverse_of(const Matrix& factor, std::size_t n) {
  Matrix root(n * n, 0.0), inverse(n * n, 0.0);  // the inverse of the factor; its square
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &root[i * n];
    for (std::size_t m = 0; m < i; ++m) {
      const double entry = factor[i * n + m];
      const double* other = &root[m * n];
      for (std::size_t j = 0; j <= m; ++j) row[j] -= entry * other[j];
    }
    const double scale = 1 / factor[i * n + i];
    for (std::size_t j = 0; j < i; ++j) row[j] *= scale;
    row[i] = scale;
    for (std::size_t m = 0; m <= i; ++m) {
      double* sums = &inverse[m * n];
      for (std::size_t j = 0; j <= m; ++j) sums[j] += row[m] * row[j];
    }
  }
  return inverse;
}

class Posterior {
 public:
  Posterior(const Prior& prior, const KnobGeometry& geometry, std::span<const Levels> points,
            std::span<const double> values)
      : prior_(prior), values_(values), n_(points.size()) {
    for (const KnobGeometry::Feature& feature : geometry.features()) {
      std::vector<float>& pairs = distances_.emplace_back();
      for (std::size_t i = 0; i < n_; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          const std::size_t levels = geometry.levels(feature.knob);
          pairs.push_back(
              feature.distances[points[i][feature.knob] * levels + points[j][feature.knob]]);
        }
      }
    }
  }

  // Returns the logarithm of the density (up to a constant), and its derivatives by the logarithms
  // of the weights and of the noise.
  double density(const Hyperparameters& at, std::vector<double>& gradient) const;

 private:
  Matrix covariance(const Hyperparameters& at) const;
  double likelihood(const Matrix& covariance, Matrix& inverse, std::vector<double>& dual) const;

  Prior prior_;
  std::span<const double> values_;
  std::size_t n_;
  std::vector<std::vector<float>> distances_;  // by feature, then by pair j < i
};

Matrix Posterior::covariance(const Hyperparameters& at) const {
  Matrix matrix(n_ * n_, 0.0);
  std::vector<double> exponents(n_ * (n_ - 1) / 2, 0.0);
  for (std::size_t f = 0; f < distances_.size(); ++f) {
    for (std::size_t p = 0; p < exponents.size(); ++p) {
      exponents[p] -= at.weights[f] * static_cast<double>(distances_[f][p]);
    }
  }
  std::size_t p = 0;
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < i; ++j) matrix[i * n_ + j] = std::exp(exponents[p++]);
    matrix[i * n_ + i] = 1 + at.noise;
  }
  return matrix;
}

// Returns the logarithm of the likelihood with the most likely mean and variance. `inverse` becomes
// the inverse of the covariance, `dual` this inverse times the values minus their mean, over the
// standard deviation.
double Posterior::likelihood(const Matrix& covariance, Matrix& inverse,
                             std::vector<double>& dual) const {
  Matrix factor = covariance;
  const double log_determinant = factorise(factor, n_);
  inverse = inverse_of(factor, n_);
  std::vector<double> ones(n_, 0.0);
  dual.assign(n_, 0.0);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < n_; ++j) {
      const double entry = i >= j ? inverse[i * n_ + j] : inverse[j * n_ + i];
      ones[i] += entry;
      dual[i] += entry * values_[j];
    }
  }
  double one_one = 0, one_value = 0, squares = 0;
  for (std::size_t i = 0; i < n_; ++i) one_one += ones[i], one_value += dual[i];
  const double mean = one_value / one_one;
  for (std::size_t i = 0; i < n_; ++i) {
    dual[i] -= mean * ones[i];
    squares += dual[i] * (values_[i] - mean);
  }
  const double variance = std::max(squares / static_cast<double>(n_), 1e-12);
  for (double& entry : dual) entry /= std::sqrt(variance);
  return -0.5 * (static_cast<double>(n_) * std::log(variance) + log_determinant);
}

double Posterior::density(const Hyperparameters& at, std::vector<double>& gradient) const {
  const Matrix matrix = covariance(at);
  Matrix inverse;
  std::vector<double> dual;
  double density = likelihood(matrix, inverse, dual);
  std::vector<double> slopes;  // derivatives by the exponents, pair by pair
  gradient.assign(distances_.size() + 1, 0.0);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      slopes.push_back((dual[i] * dual[j] - inverse[i * n_ + j]) * matrix[i * n_ + j]);
    }
    gradient.back() += 0.5 * (dual[i] * dual[i] - inverse[i * n_ + i]) * at.noise;
  }
  const auto add_prior = [&](double value, double median, double& slope) {
    const double z = std::log(value / median) / prior_.spread;
    density -= 0.5 * z * z;
    slope -= z / prior_.spread;
  };
  for (std::size_t f = 0; f < distances_.size(); ++f) {
    double sum = 0;
    for (std::size_t p = 0; p < slopes.size(); ++p) {
      sum -= slopes[p] * static_cast<double>(distances_[f][p]);
    }
    gradient[f] = sum * at.weights[f];
    add_prior(at.weights[f], prior_.weight, gradient[f]);
  }
  add_prior(at.noise, prior_.noise, gradient.back());
  return density;
}

}  // namespace

Hyperparameters median(const Prior& prior, const KnobGeometry& geometry) {
  return {std::vector<double>(geometry.features().size(), prior.weight), prior.noise};
}

Hyperparameters most_likely(const Prior& prior, const KnobGeometry& geometry,
                            std::span<const Levels> points, std::span<const double> values,
                            Hyperparameters start, int steps) {
  constexpr double first_step = 0.3, most_step = 1, faster = 1.3, slower = 0.5;
  const Posterior posterior(prior, geometry, points, values);
  Hyperparameters at = std::move(start), best = at;
  double highest = -std::numeric_limits<double>::infinity();
  std::vector<double> sizes(at.weights.size() + 1, first_step), gradient, previous(sizes.size(), 0);
  for (int step = 0; step <= steps; ++step) {
    if (const double density = posterior.density(at, gradient); density > highest) {
      highest = density;
      best = at;
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const double agreement = gradient[i] * previous[i];
      if (agreement > 0) sizes[i] = std::min(sizes[i] * faster, most_step);
      if (agreement < 0) sizes[i] *= slower;
      double& value = i < at.weights.size() ? at.weights[i] : at.noise;
      value = std::clamp(value * std::exp(gradient[i] > 0 ? sizes[i] : -sizes[i]), 1e-6, 1e3);
    }
    previous = gradient;
  }
  return best;
}

}  // namespace tw
