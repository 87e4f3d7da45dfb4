// The measuring worker's CUDA context, and how the driver's errors travel inside that process.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/types/device_info.h"
#include "devices/cuda/driver/libraries.h"

namespace tw::cuda {

// A driver call that failed. It never leaves the worker: the job that it belongs to turns it into
// an outcome.
struct CudaFailure {
  CUresult code = CUDA_SUCCESS;
  std::string text;  // "while it ran: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory ...)"
  // The context is lost; only a new process helps.
  bool is_fault() const;
};
// Throws CudaFailure; `doing` says what was tried.
void check(CUresult result, std::string_view doing);
std::string describe(CUresult result);  // "CUDA_ERROR_INVALID_VALUE (invalid argument)"

// The primary context of a device, current on the constructing thread, and the one stream of the
// worker. Lives as long as the process.
class Context {
 public:
  // Throws Error if there is no such device.
  explicit Context(int ordinal);
  CUstream stream() const { return stream_; }
  const DeviceInfo& info() const { return info_; }
  // Waits for the stream. Throws CudaFailure if what ran on it faulted.
  void synchronise() const;

 private:
  CUstream stream_ = nullptr;
  DeviceInfo info_;
};

// Initialises the driver. Throws Error where there is none, or no device that it can use.
int count_devices();
// Reads attributes alone: creates no context.
DeviceInfo describe_device(int ordinal);

// Device memory of a fixed size; freed with the object.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::int64_t bytes);  // Throws CudaFailure
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~DeviceMemory();
  CUdeviceptr address() const { return address_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  CUdeviceptr address_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace tw::cuda
