// Measures how good forecasts are: fits the constants of the time model to recordings, and runs
// searches that begin with the model.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "recorded_runs.h"

namespace tw {

// A recording of one of our kernels, with a forecaster for the kernel.
class Forecast {
 public:
  // Returns nullptr if the kernel has no model, or other knobs than the recording.
  static std::unique_ptr<Forecast> of(const Catalog& catalog, const RecordedSpace& recorded);

  const RecordedSpace& recorded() const { return recorded_; }
  TimeModel model(const ModelConstants& constants) const {
    return {op_, kernel_, problem_, recorded_.device, constants};
  }

 private:
  Forecast(const RecordedSpace& recorded, const OpSpec& op, const KernelSpec& kernel)
      : recorded_(recorded),
        op_(op),
        kernel_(kernel),
        problem_(problem_from_key(op, recorded.problem)) {}

  const RecordedSpace& recorded_;
  const OpSpec& op_;
  const KernelSpec& kernel_;
  Problem problem_;
};

// Returns the constants for which the logarithms of forecasts differ least from those of times, up
// to a constant for each recording. All recordings count the same, and fast configurations count
// more.
ModelConstants fit(std::span<const Forecast* const> recordings);
// Returns this difference: the root of its weighted mean square.
double misfit(const Forecast& forecast, const ModelConstants& constants);
// Returns the best time among the `count` configurations with the best forecasts, over the optimum.
double best_of_forecasts(const Forecast& forecast, const ModelConstants& constants,
                         std::size_t count);

// The facts that the kernel's model proves.
struct Proven {
  double most = 0;   // the largest least time / measured time
  double share = 0;  // part of the space that is proven to be slower than the optimum
};
Proven proven(const Forecast& forecast);

}  // namespace tw
