// How a planned pass reaches the GPU. No allocation and no synchronisation; may be called from
// several threads, for several devices, and while a stream is captured into a graph.
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "dispatch/plan.h"

namespace tw::dispatch {

// The limits of the current device. Each thread keeps those that it asked for last.
inline cudaError_t current_device(Device& device) {
  struct Known {
    int ordinal = -1;
    Device device;
  };
  thread_local Known known;
  int ordinal = 0;
  if (const cudaError_t status = cudaGetDevice(&ordinal); status != cudaSuccess) return status;
  if (ordinal != known.ordinal) {
    cudaError_t status = cudaSuccess;
    const auto ask = [&](cudaDeviceAttr attribute) {
      int value = 0;
      if (status == cudaSuccess) status = cudaDeviceGetAttribute(&value, attribute, ordinal);
      return std::int64_t{value};
    };
    Device found;
    found.cc = 10 * ask(cudaDevAttrComputeCapabilityMajor);
    found.cc += ask(cudaDevAttrComputeCapabilityMinor);
    found.sms = ask(cudaDevAttrMultiProcessorCount);
    found.smem_optin = ask(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    found.smem_per_sm = ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor);
    found.regs_per_sm = ask(cudaDevAttrMaxRegistersPerMultiprocessor);
    found.threads_per_sm = ask(cudaDevAttrMaxThreadsPerMultiProcessor);
    found.blocks_per_sm = ask(cudaDevAttrMaxBlocksPerMultiprocessor);
    found.max_threads = ask(cudaDevAttrMaxThreadsPerBlock);
    found.l2_bytes = ask(cudaDevAttrL2CacheSize);
#ifdef TW_READS_MEMORY_BYTES
    if (status == cudaSuccess) {
      std::size_t free = 0, total = 0;
      status = cudaMemGetInfo(&free, &total);
      found.memory_bytes = static_cast<std::int64_t>(total);
    }
#endif
    if (status != cudaSuccess) return status;
    known = {ordinal, found};
  }
  device = known.device;
  return cudaSuccess;
}

// A pointer whose type the kernel knows: tensors of types that C++ lacks, and workspaces.
struct Pointer {
  const void* at;
  template <class T>
  operator T*() const {
    return static_cast<T*>(const_cast<void*>(at));
  }
};

// Devices, one bit each, on which a kernel has been prepared.
using Prepared = std::atomic<std::uint64_t>;

// Lets the kernel use all the shared memory that a block may have (48 KiB, static and dynamic
// together, without asking), once for each device. Setting an attribute is no stream operation; the
// thread's capture mode is relaxed meanwhile because the kernel may be loaded here, which stricter
// modes take for a fault.
inline cudaError_t prepare(const void* kernel, const Device& device, Prepared& prepared) {
  int ordinal = 0;
  cudaError_t status = cudaGetDevice(&ordinal);
  if (status != cudaSuccess) return status;
  const std::uint64_t bit = ordinal < 64 ? std::uint64_t{1} << ordinal : 0;
  if ((prepared.load(std::memory_order_acquire) & bit) != 0) return cudaSuccess;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  status = cudaThreadExchangeStreamCaptureMode(&mode);
  if (status != cudaSuccess) return status;
  cudaFuncAttributes attributes{};
  status = cudaFuncGetAttributes(&attributes, kernel);
  if (status == cudaSuccess) {
    const auto own = static_cast<std::int64_t>(attributes.sharedSizeBytes);
    status = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(device.smem_optin - own));
  }
  const cudaError_t restored = cudaThreadExchangeStreamCaptureMode(&mode);
  if (status == cudaSuccess) status = restored;
  if (status == cudaSuccess) prepared.fetch_or(bit, std::memory_order_release);
  return status;
}

// Whether an argument could be made; others than tensor maps always can.
template <class Argument>
constexpr cudaError_t status_of(const Argument&) {
  return cudaSuccess;
}

// Launches `kernel` as the pass says; `arguments` convert to the kernel's parameters.
template <int kValues, class... Parameters, class... Arguments>
cudaError_t launch(const Pass<kValues>& pass, cudaStream_t stream, const Device& device,
                   Prepared& prepared, void (*kernel)(Parameters...), Arguments... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments), "one argument a parameter");
  for (const cudaError_t status : {cudaSuccess, status_of(arguments)...}) {
    if (status != cudaSuccess) return status;
  }
  if (pass.smem_bytes > 0) {
    const auto entry = reinterpret_cast<const void*>(kernel);
    const cudaError_t status = prepare(entry, device, prepared);
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
