// The configurations among which the model chooses, with what a Gaussian process says of each, kept
// up to date point by point.
#pragma once
#include <optional>
#include <vector>

#include "search/surrogate/gaussian_process.h"

namespace tw {

struct Prediction {
  double mean = 0, deviation = 0;  // of the values that the process was given
};

// The logarithm of the expected improvement on `best` (D. R. Jones, M. Schonlau, W. J. Welch,
// Journal of Global Optimization 13, 1998), which does not underflow where there is little.
double log_expected_improvement(const Prediction& prediction, double best);

// What the process says of one configuration; some n^2 / 2 operations.
Prediction predict(const GaussianProcess& process, const Levels& levels);

// False only if there cannot be a larger expected improvement, as its mean alone says: n operations.
bool can_improve_by(const GaussianProcess& process, const Levels& levels, double best,
                    double log_improvement);

class Candidates {
 public:
  Candidates(const KnobGeometry& geometry, const SearchSpace& space)
      : geometry_(geometry), space_(space) {}

  // Other candidates (indices into the space); forgets what was computed.
  void reset(std::vector<std::size_t> indices);
  // Forgets what was computed: the process is another.
  void restart();
  // Takes in the points that the process has more than at the last update, and its values.
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
  // The inverse of the process's factor times its correlations with the candidates, a row a point;
  // and the sum of the squares of each column.
  std::vector<std::vector<float>> rows_;
  std::vector<float> explained_, means_;
  double mean_ = 0, variance_ = 1;
};

}  // namespace tw
