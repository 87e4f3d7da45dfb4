// How long the cpu device's emulation takes, estimated before anything is compiled, so that what
// cannot end in time is refused at once.
#pragma once
#include <cstdint>
#include <span>

#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// What one call of a configuration makes the emulation do.
struct EmulatedWork {
  double flops = 0;  // the larger of the op's and those of the kernel's [model], which counts what
                     // tiles compute beyond the tensors; 0: neither is known
  double threads = 0;   // of all launches
  double elements = 0;  // of all tensors
};
EmulatedWork emulated_work(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, std::span<const std::int64_t> configuration);
// Seconds of one call on one core. Measured calls took 0.1 to 7 times as long.
double emulated_seconds(const EmulatedWork& work);

// Calls of a job: one for each thread order and set of inputs that it is verified with, and samples.
inline constexpr double emulated_calls = 12;
// A job is given this many times its estimate before it counts as hanging: 7 for the estimate, the
// rest for a host that is busy with other things.
inline constexpr double emulation_margin = 30;
// The timeout of a job that is estimated to take `job_seconds`.
double emulated_timeout_ms(double job_seconds, double least_ms);

}  // namespace tw
