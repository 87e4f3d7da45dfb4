#include "devices/gpu/measure/wall_time.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace tw::gpu {
namespace {

constexpr double some_ns = 2e6, long_ns = 50e6;
constexpr double overhead_ns = 30e3, drift = 1.25;

}  // namespace

double wall_ns(Runtime& runtime, const HostClock& clock, const std::function<void()>& launch,
               double expected_ns) {
  const int launches =
      static_cast<int>(std::clamp(some_ns / std::max(expected_ns, 1.0), 1.0, 20.0));
  const int tries = expected_ns > long_ns ? 1 : 3;
  double least = std::numeric_limits<double>::infinity();
  runtime.synchronise_device("waiting for the device");
  for (int i = 0; i < tries; ++i) {
    const auto start = clock.now();
    for (int j = 0; j < launches; ++j) launch();
    runtime.synchronise_device("while it ran");
    const std::chrono::duration<double, std::nano> took = clock.now() - start;
    least = std::min(least, took.count() / launches);
  }
  return least;
}

double unaccounted_ns(double wall_ns, double counted_ns) {
  return wall_ns > drift * counted_ns + overhead_ns ? wall_ns - counted_ns : 0;
}

}  // namespace tw::gpu
