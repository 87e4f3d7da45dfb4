// The cuda device. NVRTC runs in compile workers, and verification and timing (CUPTI) in a
// measuring worker; all of them can be killed. This process never creates a CUDA context and never
// loads the driver.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "devices/device.h"
#include "devices/gpu/protocol/cuda_probe.h"
#include "devices/gpu/protocol/roles.h"
#include "devices/process.h"

namespace tw {

struct CudaOptions {
  int ordinal = 0;
  int compile_workers = 0;  // 0: one for each core
  double compile_timeout_ms = 60000;
  bool cache = true;
  std::string cache_folder;  // empty: $XDG_CACHE_HOME/tilewright/cubin or ~/.cache/tilewright/cubin
  std::int64_t cache_bytes = std::int64_t{2} << 30;
};

// Starts the workers. Throws Error if there is no such device, no driver or no NVRTC; the error
// says what is missing and what to install.
std::unique_ptr<Device> open_cuda(CudaOptions options);

// Asks a worker process, which then ends.
CudaProbe probe_cuda();
// Returns whether there are a device and a compiler, so that open_cuda would succeed.
bool cuda_present();

// The bodies of the worker processes `__worker cuda-compile` and `__worker cuda-measure`. They
// return the exit code.
int cuda_compile_worker(WorkerChannel& channel);
int cuda_measure_worker(WorkerChannel& channel);

}  // namespace tw
