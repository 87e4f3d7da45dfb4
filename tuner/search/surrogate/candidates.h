// The configurations among which the model chooses, with the prediction of a Gaussian process for
// each. The predictions are kept up to date point by point.
#pragma once
#include <optional>
#include <vector>

#include "search/surrogate/gaussian_process.h"

namespace tw {

// The prediction of a Gaussian process for one configuration.
struct Prediction {
  double mean = 0, deviation = 0;  // in the units of the values that the process got
};

// Returns the logarithm of the expected improvement on `best` (D. R. Jones, M. Schonlau, W. J.
// Welch, Journal of Global Optimization 13, 1998). It does not underflow where the improvement is
// small.
double log_expected_improvement(const Prediction& prediction, double best);

// Returns the prediction of the process for one configuration. Costs about n^2 / 2 operations.
Prediction predict(const GaussianProcess& process, const Levels& levels);

// Returns false only if the expected improvement cannot be larger, judging by the mean alone. Costs
// n operations.
bool can_improve_by(const GaussianProcess& process, const Levels& levels, double best,
                    double log_improvement);

// The candidates and their predictions.
class Candidates {
 public:
  Candidates(const KnobGeometry& geometry, const SearchSpace& space)
      : geometry_(geometry), space_(space) {}

  // Replaces the candidates (indices into the space). Forgets what was computed.
  void reset(std::vector<std::size_t> indices);
  // Forgets what was computed, because the process is a new one.
  void restart();
  // Adds the points that the process has got since the last update, and takes its values.
  void update(const GaussianProcess& process);

  std::size_t size() const { return indices_.size(); }
  std::size_t index(std::size_t at) const { return indices_[at]; }
  Prediction prediction(std::size_t at) const;

 private:
  void add_point(const GaussianProcess& process, std::size_t point);

  const KnobGeometry& geometry_;
  const SearchSpace& space_;
  std::vector<std::size_t> indices_;
  std::vector<Levels> levels_;
  // rows_: the inverse of the process's factor times its correlations with the candidates, one row
  // for each point. explained_: the sum of the squares of each column.
  std::vector<std::vector<float>> rows_;
  std::vector<float> explained_, means_;
  double mean_ = 0, variance_ = 1;
};

}  // namespace tw
