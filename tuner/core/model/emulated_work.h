// Estimates how long the cpu device's emulation takes before anything is compiled. Work that cannot
// end in time is refused at once.
#pragma once
#include <cstdint>
#include <span>

#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// The work that one call of a configuration gives the emulation.
struct EmulatedWork {
  // The larger of the op's FLOPs and the FLOPs of the kernel's [model], which also counts the parts
  // of tiles beyond the tensors. 0: neither is known.
  double flops = 0;
  double threads = 0;   // of all launches
  double elements = 0;  // of all tensors
};
EmulatedWork emulated_work(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, std::span<const std::int64_t> configuration);
// Returns the seconds that one call takes on one core. Measured calls took 0.1 to 7 times as long.
double emulated_seconds(const EmulatedWork& work);

// The number of calls in a job: one for each thread order and set of inputs that the job is
// verified with, and the samples.
inline constexpr double emulated_calls = 12;
// A job counts as hanging after this many times its estimate. A factor of 7 is the error of the
// estimate; the rest is for a host that is busy with other work.
inline constexpr double emulation_margin = 30;
// Returns the timeout of a job that is estimated to take `job_seconds`.
double emulated_timeout_ms(double job_seconds, double least_ms);

}  // namespace tw
