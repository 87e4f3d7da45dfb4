// The time of a launch by the host's clock, over all streams. It checks a timer that sees only
// kernels.
#pragma once
#include <functional>

#include "devices/gpu/measure/host_clock.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

// Returns the wall time of a launch by `clock`, in ns. Some launches run in a row
// between two waits for the whole device: as many as take some milliseconds if each takes
// `expected_ns`. The result is the least of three tries. Throws Failure.
double wall_ns(Runtime& runtime, const HostClock& clock, const std::function<void()>& launch,
               double expected_ns);
// Returns the part of a wall time that launch overhead, a warm L2 and drifting clocks do not
// explain; 0 if there is none. Missed work up to 25 % of the counted time plus 30 us is not
// detected.
double unaccounted_ns(double wall_ns, double counted_ns);

}  // namespace tw::gpu
