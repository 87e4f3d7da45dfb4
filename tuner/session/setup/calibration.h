// Finds the GPU of a fleet whose times deviate from the others'.
#pragma once
#include <chrono>
#include <vector>

#include "core/plan/job.h"
#include "core/types/device_info.h"
#include "devices/fleet/fleet.h"

namespace tw {

// A GPU whose times deviate by more than this fraction is not compared with the others.
inline constexpr double most_deviation = 0.02;

// GPUs that run a list of problems for hours are compared again.
inline constexpr auto calibrate_every = std::chrono::minutes(10);

// Returns jobs that take each device about a second: a copy, which memory bounds, and
// multiplications with additions, which arithmetic bounds.
std::vector<Job> calibration_jobs(const DeviceInfo& device);

// Runs these jobs on every GPU of the fleet, and leaves out the GPUs that deviate. Does nothing
// with fewer than two GPUs, or on the cpu device.
void calibrate(fleet::Fleet& fleet);

}  // namespace tw
