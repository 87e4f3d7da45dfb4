// The cuda device: an NVIDIA GPU. This process never creates a CUDA context and never loads the
// driver; its workers do.
#pragma once
#include <memory>
#include <vector>

#include "core/plan/gpu_code.h"
#include "devices/cuda/protocol/cuda_probe.h"
#include "devices/cuda/protocol/platform.h"
#include "devices/device.h"
#include "devices/gpu/device.h"
#include "devices/process.h"

namespace tw {

using CudaOptions = gpu::DeviceOptions;

// Starts the workers. Throws Error if there is no such device, no driver or no NVRTC; the error
// says what is missing and what to install.
std::unique_ptr<Device> open_cuda(CudaOptions options);

// Asks a worker process, which then ends.
CudaProbe probe_cuda();
// Returns the number of devices that open_cuda can open; 0 without a compiler.
int count_cuda();

// Compiles programs with NVRTC, for GPUs that need not be there. See CompileForGpus.
std::vector<GpuCode> compile_with_nvrtc(const std::vector<GpuProgram>& programs);

// The bodies of the worker processes `__worker cuda-compile` and `__worker cuda-measure`. They
// return the exit code.
int cuda_compile_worker(WorkerChannel& channel);
int cuda_measure_worker(WorkerChannel& channel);

}  // namespace tw
