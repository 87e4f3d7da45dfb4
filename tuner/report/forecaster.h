// Forecasts of the times of stored trials, from the models of this build's kernels.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "core/problem/problem.h"
#include "core/types/device_info.h"
#include "db/store.h"

namespace tw {

class Forecaster {
 public:
  // Forecasts trials of a problem on a device. The catalog must outlive the forecaster.
  Forecaster(const Catalog& catalog, const Situation& situation, std::optional<Problem> problem,
             DeviceInfo device);

  // Returns the forecast in ns; 0 if this build has no such op, problem or kernel, if the kernel
  // has no model or other knobs, and on the cpu device.
  double time_ns(const Trial& trial);

 private:
  struct Model {
    const KernelSpec* kernel;
    TimeModel model;
  };
  // Returns the model of a kernel; nullptr if there is none.
  Model* model_of(const std::string& kernel);

  const OpEntry* entry_;
  std::optional<Problem> problem_;  // nothing if nothing can be forecast
  DeviceInfo device_;
  std::map<std::string, std::optional<Model>> models_;
};

}  // namespace tw
