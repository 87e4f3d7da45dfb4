// The energy of a launch, by a counter of the whole device that is updated now and then. This code
// uses no device; docs/measuring.md describes the method.
#pragma once
#include <functional>
#include <optional>

#include "devices/gpu/measure/host_clock.h"

namespace tw::gpu {

struct Energy {
  double mj = 0;            // of a launch
  double mean_power_w = 0;  // while launches ran in a row
};

struct EnergySource {
  std::function<double()> counter_mj;     // reads the counter
  std::function<void(int count)> launch;  // starts launches, and does not wait for them
  std::function<void()> wait;             // for all launches
  HostClock clock;
};

// Measures the energy of a launch that takes about `expected_ns`. Launches run in a row to warm the
// device up, and then from one update of the counter to the first one after `least_ms`. Returns
// nothing if the counter stands still for two seconds.
std::optional<Energy> measure_energy(const EnergySource& source, double expected_ns,
                                     double least_ms);

}  // namespace tw::gpu
