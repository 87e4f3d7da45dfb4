// Launches the planned passes. These functions do not allocate and do not synchronise. They may be
// called from several threads, for several devices, and while a stream is captured into a graph.
// State that is kept between calls has internal linkage. It belongs to the kernels of the file that
// includes this header.
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "emit/emitted/code.cuh"
#include "emit/emitted/limits.h"

namespace tw::dispatch {

// Calls `ask` while the capture mode of the thread is relaxed. `ask` may load a kernel, which is an
// error in a stricter capture mode.
template <class Ask>
cudaError_t relaxed(const Ask& ask) {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  cudaError_t status = cudaThreadExchangeStreamCaptureMode(&mode);
  if (status != cudaSuccess) return status;
  status = ask();
  const cudaError_t restored = cudaThreadExchangeStreamCaptureMode(&mode);
  return status == cudaSuccess ? restored : status;
}

// Reads the limits of a device.
static inline cudaError_t limits_of(int ordinal, Device& device) {
  cudaError_t status = cudaSuccess;
  const auto ask = [&](cudaDeviceAttr attribute) {
    int value = 0;
    if (status == cudaSuccess) status = cudaDeviceGetAttribute(&value, attribute, ordinal);
    return std::int64_t{value};
  };
  device.ordinal = ordinal;
  device.gpu_cc = 10 * ask(cudaDevAttrComputeCapabilityMajor);
  device.gpu_cc += ask(cudaDevAttrComputeCapabilityMinor);
  device.sms = ask(cudaDevAttrMultiProcessorCount);
  device.smem_optin = ask(cudaDevAttrMaxSharedMemoryPerBlockOptin);
  device.smem_per_sm = ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor);
  device.regs_per_sm = ask(cudaDevAttrMaxRegistersPerMultiprocessor);
  device.threads_per_sm = ask(cudaDevAttrMaxThreadsPerMultiProcessor);
  device.blocks_per_sm = ask(cudaDevAttrMaxBlocksPerMultiprocessor);
  device.max_threads = ask(cudaDevAttrMaxThreadsPerBlock);
  device.l2_bytes = ask(cudaDevAttrL2CacheSize);
#ifdef TW_READS_MEMORY_BYTES
  if (status == cudaSuccess) {
    std::size_t free = 0, total = 0;
    status = cudaMemGetInfo(&free, &total);
    device.memory_bytes = static_cast<std::int64_t>(total);
  }
#endif
  return status;
}

// Returns the current device: its limits, and the code that the program holds for it. Each thread
// keeps the last answer.
static inline cudaError_t current_device(Device& device) {
  thread_local Device known;
  int ordinal = 0;
  if (const cudaError_t status = cudaGetDevice(&ordinal); status != cudaSuccess) return status;
  if (ordinal != known.ordinal) {
    Device found;
    cudaError_t status = limits_of(ordinal, found);
    if (status == cudaSuccess) status = relaxed([&] { return code_of(found); });
    if (status != cudaSuccess) return status;
    known = found;
  }
  device = known;
  return cudaSuccess;
}

// A pointer that converts to the pointer type that the kernel expects. It is used for workspaces
// and for tensors of element types that C++ lacks.
struct Pointer {
  const void* at;
  template <class T>
  operator T*() const {
    return static_cast<T*>(const_cast<void*>(at));
  }
};

// The static shared memory of one kernel, for each device. An entry is the size in bytes plus one.
// An entry of 0 means that the size is not known yet. The size depends only on the kernel's code.
struct StaticShared {
  static constexpr int devices = 32;
  std::atomic<int> known[devices] = {};
};

// Returns the StaticShared of a pass of a runner. It is not a static member of the runner, because
// all libraries of the process would share such a member. Their kernels are different.
template <class Runner, int kPass>
static StaticShared& static_shared_of() {
  static StaticShared own;
  return own;
}

// Allows a block of the kernel to use `bytes` bytes of dynamic shared memory. More than 48 KiB of
// static and dynamic shared memory must be requested. A request holds for one context and ends with
// the context (cudaDeviceReset). Therefore each launch repeats the request.
inline cudaError_t prepare(const void* kernel, unsigned bytes, const Device& device,
                           StaticShared& own) {
  constexpr std::int64_t without_asking = 48 * 1024;
  const bool kept = device.ordinal < StaticShared::devices;
  int known = kept ? own.known[device.ordinal].load(std::memory_order_relaxed) : 0;
  if (known > 0 && known - 1 + std::int64_t{bytes} <= without_asking) return cudaSuccess;
  return relaxed([&] {
    if (known == 0) {
      cudaFuncAttributes attributes{};
      const cudaError_t status = cudaFuncGetAttributes(&attributes, kernel);
      if (status != cudaSuccess) return status;
      known = static_cast<int>(attributes.sharedSizeBytes) + 1;
      if (kept) own.known[device.ordinal].store(known, std::memory_order_relaxed);
    }
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                static_cast<int>(device.smem_optin) - (known - 1));
  });
}

// Returns the status of making an argument. Only a tensor map can fail.
template <class Argument>
constexpr cudaError_t status_of(const Argument&) {
  return cudaSuccess;
}

// Launches `kernel` with the sizes of the pass. `arguments` convert to the kernel's parameters.
template <int kValues, class... Parameters, class... Arguments>
cudaError_t launch(const Pass<kValues>& pass, cudaStream_t stream, const Device& device,
                   StaticShared& own, void (*kernel)(Parameters...), Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument for each parameter");
  for (const cudaError_t status : {cudaSuccess, status_of(arguments)...}) {
    if (status != cudaSuccess) return status;
  }
  if (pass.smem_bytes > 0) {
    const auto entry = reinterpret_cast<const void*>(kernel);
    const cudaError_t status = prepare(entry, pass.smem_bytes, device, own);
    if (status != cudaSuccess) return status;
  }
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = pass.cluster[0];
  attribute.val.clusterDim.y = pass.cluster[1];
  attribute.val.clusterDim.z = pass.cluster[2];
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(pass.grid[0], pass.grid[1], pass.grid[2]);
  config.blockDim = dim3(pass.block[0], pass.block[1], pass.block[2]);
  config.dynamicSmemBytes = pass.smem_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = pass.cluster[0] * pass.cluster[1] * pass.cluster[2] > 1 ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

}  // namespace tw::dispatch
