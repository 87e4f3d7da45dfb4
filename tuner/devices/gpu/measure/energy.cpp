#include "devices/gpu/measure/energy.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tw::gpu {
namespace {

using Moment = std::chrono::steady_clock::time_point;

// The counter is read once in a batch, so that an update is seen soon after it. A batch is longer
// than a reading, so that the device does not wait for readings.
constexpr double least_batch_ms = 2, batch_readings = 4;
constexpr double most_launches = 1000;  // of a batch: a driver queues about so many
constexpr double warm_up = 0.2;         // of the measured time
constexpr double patience_ms = 2000;    // for an update of the counter
// A batch of one long launch is watched for this part of its time, so that its end is not missed.
constexpr double watched = 0.8;

double ms_between(Moment from, Moment to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// Launches in a row, and the updates of the counter that were seen meanwhile.
class Meter {
 public:
  // The value of the counter when an update was seen.
  struct Update {
    Moment at;
    double mj = 0;
  };

  Meter(const EnergySource& source, double expected_ns)
      : source_(source),
        launch_ms_(1e-6 * std::max(expected_ns, 1.0)),
        batch_(static_cast<int>(
            std::clamp(std::max(least_batch_ms, batch_readings * reading_ms()) / launch_ms_, 1.0,
                       most_launches))) {}

  // Runs batches until the counter was updated after `least_ms` and a batch has ended. Returns
  // nothing if it was not updated in time.
  std::optional<Update> next_update(double least_ms) {
    const Moment start = source_.clock.now();
    std::optional<Update> found;
    for (;;) {
      const Moment begun = source_.clock.now();
      source_.launch(batch_);
      for (;;) {
        const Update now{source_.clock.now(), source_.counter_mj()};
        const bool is_updated = now.mj != seen_mj_;
        seen_mj_ = now.mj;
        if (is_updated && !found && ms_between(start, now.at) >= least_ms) found = now;
        if (ms_between(begun, source_.clock.now()) >= watched * batch_ * launch_ms_ - 1) break;
        source_.clock.sleep(std::chrono::milliseconds(1));
      }
      source_.wait();
      launches_ += batch_;
      if (found) return found;
      if (source_.clock.ms_since(start) > least_ms + patience_ms + batch_ * launch_ms_) {
        return std::nullopt;
      }
    }
  }
  double launches() const { return launches_; }  // that have ended

 private:
  // Reads the counter, and returns the time that it takes.
  double reading_ms() {
    const Moment start = source_.clock.now();
    seen_mj_ = source_.counter_mj();
    return source_.clock.ms_since(start);
  }

  const EnergySource& source_;
  double seen_mj_ = 0;  // the latest value
  double launch_ms_;
  int batch_;
  double launches_ = 0;
};

}  // namespace

std::optional<Energy> measure_energy(const EnergySource& source, double expected_ns,
                                     double least_ms) {
  Meter meter(source, expected_ns);
  const auto first = meter.next_update(warm_up * least_ms);
  if (!first) return std::nullopt;
  const double launches_before = meter.launches();
  const Moment begun = source.clock.now();
  const auto last = meter.next_update(least_ms);
  if (!last) return std::nullopt;
  const double launch_ms =
      ms_between(begun, source.clock.now()) / (meter.launches() - launches_before);
  // mJ in a ms are W
  const double power_w = (last->mj - first->mj) / ms_between(first->at, last->at);
  return Energy{.mj = power_w * launch_ms, .mean_power_w = power_w};
}

}  // namespace tw::gpu
