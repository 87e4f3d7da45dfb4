#include "devices/cuda/probe.h"

#include <fmt/format.h>

#include <chrono>

#include "core/base/error.h"
#include "devices/cuda/baselines/adaptors.h"
#include "devices/cuda/driver/context.h"
#include "devices/cuda/driver/telemetry.h"

namespace tw {
namespace cuda {
namespace {

void probe_driver(CudaProbe& probe) {
  try {
    const int count = count_devices();
    probe.driver = driver_version();
    for (int i = 0; i < count; ++i) probe.devices.push_back(describe_device(i));
    if (count == 0) probe.messages.emplace_back("the NVIDIA driver finds no GPU");
  } catch (const Error& error) {
    probe.messages.emplace_back(error.what());
  } catch (const gpu::Failure& failure) {
    probe.messages.push_back("a device cannot be read: " + failure.text);
  }
}

void probe_nvrtc(CudaProbe& probe) {
  try {
    int major = 0, minor = 0;
    nvrtc().nvrtcVersion(&major, &minor);
    probe.nvrtc = fmt::format("{}.{}", major, minor);
  } catch (const Error& error) {
    probe.messages.emplace_back(error.what());
  }
}

void probe_cupti(CudaProbe& probe) {
  try {
    std::uint32_t version = 0;
    cupti().cuptiGetVersion(&version);  // for example 130001: CUDA 13.0, update 1
    probe.cupti = fmt::format("{}.{}", version / 10000, version / 100 % 100);
  } catch (const Error& error) {
    probe.messages.push_back(std::string(error.what()) + "; kernels are timed by events");
  }
}

void probe_baselines(CudaProbe& probe) {
  probe.cublas = cublas_version();
  if (probe.cublas.empty()) {
    probe.messages.emplace_back("libcublasLt was not found: there will be no cuBLAS baseline");
  }
  probe.cudnn = cudnn_version();
  if (probe.cudnn.empty()) {
    probe.messages.emplace_back("libcudnn was not found: there will be no cuDNN baseline");
  }
}

// Asks a worker process.
CudaProbe probe_in_worker(std::string_view word) {
  WorkerProcess worker({std::string(cuda_measure_role)});
  worker.send(word);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (true) {
    const bool alive = worker.alive();
    if (const auto frame = worker.receive()) return decode_probe(*frame);
    const std::string reason =
        !alive ? "it " + worker.end_reason() : "it did not answer within 30 s";
    if (!alive || std::chrono::steady_clock::now() >= deadline) {
      CudaProbe probe;
      probe.messages.push_back("the CUDA libraries could not be tried in a worker: " + reason);
      return probe;
    }
    const int descriptor = worker.descriptor();
    wait_any({&descriptor, 1}, deadline);
  }
}

}  // namespace

CudaProbe probe_here(bool all) {
  CudaProbe probe;
  probe_driver(probe);
  probe_nvrtc(probe);
  if (all) {
    probe_cupti(probe);
    probe_baselines(probe);
  }
  return probe;
}

}  // namespace cuda

CudaProbe probe_cuda() { return cuda::probe_in_worker(cuda::probe_word); }

int count_cuda() {
  const CudaProbe probe = cuda::probe_in_worker(cuda::presence_word);
  return probe.nvrtc.empty() ? 0 : static_cast<int>(probe.devices.size());
}

}  // namespace tw
