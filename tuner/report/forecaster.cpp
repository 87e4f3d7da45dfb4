#include "report/forecaster.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/space/space.h"

namespace tw {

Forecaster::Forecaster(const Catalog& catalog, const Situation& situation,
                       std::optional<Problem> problem, DeviceInfo device)
    : entry_(catalog.find(situation.op)), device_(std::move(device)) {
  if (situation.source != Source::cpu) problem_ = std::move(problem);
}

Forecaster::Model* Forecaster::model_of(const std::string& name) {
  const auto [at, is_new] = models_.try_emplace(name);
  if (is_new) {
    const auto kernel = std::find_if(entry_->kernels.begin(), entry_->kernels.end(),
                                     [&](const KernelSpec& one) { return one.name == name; });
    if (kernel != entry_->kernels.end() && kernel->model) {
      at->second.emplace(Model{&*kernel, TimeModel(entry_->op, *kernel, *problem_, device_)});
    }
  }
  return at->second ? &*at->second : nullptr;
}

double Forecaster::time_ns(const Trial& trial) {
  if (!problem_) return 0;
  Model* const found = model_of(trial.context.code.kernel);
  if (found == nullptr) return 0;
  const auto configuration = read_configuration(found->kernel->knobs, trial.configuration);
  const auto* const values = std::get_if<Configuration>(&configuration);
  return values == nullptr ? 0 : found->model.time_ns(*values);
}

}  // namespace tw
