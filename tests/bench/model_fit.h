// How good forecasts are: the constants of the time model fitted to recordings, and searches that
// begin with it.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "recorded_runs.h"

namespace tw {

// A recording of our own kernels with the forecaster of its kernel.
class Forecast {
 public:
  // nullptr if the kernel has no model, or other knobs than the recording.
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

// The constants for which logarithms of forecasts differ least from those of times, up to a constant
// of each recording; all recordings count the same, and fast configurations more.
ModelConstants fit(std::span<const Forecast* const> recordings);
// That difference: the root of its weighted mean square.
double misfit(const Forecast& forecast, const ModelConstants& constants);
// The best among the `count` with the best forecasts / the optimum.
double best_of_forecasts(const Forecast& forecast, const ModelConstants& constants,
                         std::size_t count);

// What the kernel's model proves.
struct Proven {
  double most = 0;   // the largest least time / measured time
  double share = 0;  // of the space, proven to be slower than the optimum
};
Proven proven(const Forecast& forecast);

}  // namespace tw
