// The cpu device: runs the kernels on the host, for correctness where there is no GPU.
#pragma once
#include <memory>

#include "devices/device.h"

namespace tw {

class WorkerChannel;

// Opens the cpu device. It emulates the limits of a target (cc is one of 80, 89, 90, 120). Its
// times are wall times of the emulation (timer "cpu") and say nothing about a GPU. Throws Error if
// there is no C++ compiler or the cache folder cannot be written.
std::unique_ptr<Device> open_cpu(int emulated_cc = 90);

// The body of `__worker cpu`: compiles and runs jobs until the parent closes its end. Returns the
// exit code.
int cpu_worker(WorkerChannel& channel);

}  // namespace tw
