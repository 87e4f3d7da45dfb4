// How long a launch takes as the host sees it, all streams included: the check of a timer that sees
// kernels alone.
#pragma once
#include <functional>

namespace tw::cuda {

// Of the current context: some launches in a row between two waits for the whole device, as many as
// take some milliseconds if each takes `expected_ns`; the least of three tries, in ns a launch.
// Throws CudaFailure.
double wall_ns(const std::function<void()>& launch, double expected_ns);
// What launch overhead, a warm L2 and drifting clocks do not explain of a wall time; 0: nothing.
// Missed work below 25 % of the time counted and 30 us goes unseen.
double unaccounted_ns(double wall_ns, double counted_ns);

}  // namespace tw::cuda
