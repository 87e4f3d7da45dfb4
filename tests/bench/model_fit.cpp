#include "model_fit.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "core/catalog/catalog.h"

namespace tw {
namespace {

constexpr std::size_t fitted_configurations = 300;  // of each recording
constexpr int fitting_steps = 3000;
constexpr double most_change = 4;   // of each constant
constexpr double stiffness = 0.01;  // keeps constants that recordings say nothing about

// The start of a fit: what datasheets promise, and round numbers.
constexpr ModelConstants neutral{.fma = 1,
                                 .tensor = 1,
                                 .issue = 1,
                                 .shared = 1,
                                 .l2 = 1,
                                 .dram = 1,
                                 .warps = 8,
                                 .round_ns = 700,
                                 .step_ns = 50,
                                 .launch_ns = 2000,
                                 .sharpness = 3};

// The constants that are fitted.
constexpr double ModelConstants::*fitted[] = {&ModelConstants::fma,     &ModelConstants::tensor,
                                              &ModelConstants::issue,   &ModelConstants::shared,
                                              &ModelConstants::l2,      &ModelConstants::dram,
                                              &ModelConstants::warps,   &ModelConstants::round_ns,
                                              &ModelConstants::step_ns, &ModelConstants::sharpness};

double misfit_of(const Forecast& forecast, const ModelConstants& constants, std::size_t stride) {
  const RecordedSpace& recorded = forecast.recorded();
  TimeModel model = forecast.model(constants);
  double weights = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < recorded.space.size(); i += stride) {
    if (!std::isfinite(recorded.time_ns[i])) continue;
    const double slowdown = recorded.time_ns[i] / recorded.optimum_ns;
    const double weight = std::pow(slowdown, -3);
    const double difference = std::log(model.time_ns(recorded.space[i]) / recorded.time_ns[i]);
    weights += weight;
    sum += weight * difference;
    squares += weight * difference * difference;
  }
  const double mean = sum / weights;
  return std::sqrt(std::max(squares / weights - mean * mean, 0.0));
}

double loss_of(std::span<const Forecast* const> recordings, const ModelConstants& constants) {
  double changes = 0;
  for (const auto member : fitted) {
    const double change = std::log(constants.*member / neutral.*member);
    changes += change * change;
  }
  double loss = 0;
  for (const Forecast* one : recordings) {
    const std::size_t size = one->recorded().space.size();
    loss += misfit_of(*one, constants, (size + fitted_configurations - 1) / fitted_configurations);
  }
  return loss / static_cast<double>(recordings.size()) +
         stiffness * changes / static_cast<double>(std::size(fitted));
}

bool same_knobs(const std::vector<Knob>& a, const std::vector<Knob>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Knob& one, const Knob& other) {
    return one.name == other.name && one.kind == other.kind && one.words == other.words;
  });
}

}  // namespace

std::unique_ptr<Forecast> Forecast::of(const Catalog& catalog, const RecordedSpace& recorded) {
  const OpEntry* entry = catalog.find(recorded.op);
  if (!entry) return nullptr;
  for (const KernelSpec& kernel : entry->kernels) {
    if (kernel.name != recorded.kernel || !kernel.model) continue;
    if (!same_knobs(kernel.knobs, recorded.space.knobs())) continue;
    return std::unique_ptr<Forecast>(new Forecast(recorded, entry->op, kernel));
  }
  return nullptr;
}

ModelConstants fit(std::span<const Forecast* const> recordings) {
  ModelConstants best = neutral;
  double least = loss_of(recordings, best);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (int step = 0; step < fitting_steps; ++step) {
    ModelConstants next = best;
    const double width = step < fitting_steps / 2 ? 0.4 : 0.1;
    for (const auto member : fitted) {
      if (random() % 3 != 0) continue;
      next.*member *= std::exp(width * normal(random));
      next.*member =
          std::clamp(next.*member, neutral.*member / most_change, neutral.*member * most_change);
    }
    next.sharpness = std::max(next.sharpness, 1.0);  // below 1, times exceed their sum
    const double loss = loss_of(recordings, next);
    if (loss >= least) continue;
    least = loss;
    best = next;
  }
  return best;
}

double misfit(const Forecast& forecast, const ModelConstants& constants) {
  return misfit_of(forecast, constants, 1);
}

double best_of_forecasts(const Forecast& forecast, const ModelConstants& constants,
                         std::size_t count) {
  const RecordedSpace& recorded = forecast.recorded();
  TimeModel model = forecast.model(constants);
  std::vector<std::pair<double, double>> times;
  for (std::size_t i = 0; i < recorded.space.size(); ++i) {
    times.emplace_back(model.time_ns(recorded.space[i]), recorded.time_ns[i]);
  }
  std::sort(times.begin(), times.end());
  times.resize(std::min(count, times.size()));
  double best = times.front().second;
  for (const auto& [forecast_ns, time_ns] : times) best = std::min(best, time_ns);
  return best / recorded.optimum_ns;
}

Proven proven(const Forecast& forecast) {
  const RecordedSpace& recorded = forecast.recorded();
  TimeModel model = forecast.model({});
  Proven result;
  std::size_t slower = 0;
  for (std::size_t i = 0; i < recorded.space.size(); ++i) {
    const double least_ns = model.least_time(recorded.space[i]).ns;
    result.most = std::max(result.most, least_ns / recorded.time_ns[i]);
    if (least_ns > recorded.optimum_ns) ++slower;
  }
  result.share = static_cast<double>(slower) / static_cast<double>(recorded.space.size());
  return result;
}

}  // namespace tw
