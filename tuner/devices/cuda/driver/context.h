// The measuring worker's CUDA context, and the type of the driver's errors inside this process.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/types/device_info.h"
#include "devices/cuda/driver/libraries.h"

namespace tw::cuda {

// A driver call that failed. This exception never leaves the worker: the job to which it belongs
// turns it into an outcome.
struct CudaFailure {
  CUresult code = CUDA_SUCCESS;
  std::string text;  // "while it ran: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory ...)"
  // Returns whether the context is lost, so that only a new process helps.
  bool is_fault() const;
};
// Throws CudaFailure if the call failed; `doing` says what was tried.
void check(CUresult result, std::string_view doing);
std::string describe(CUresult result);  // "CUDA_ERROR_INVALID_VALUE (invalid argument)"

// The primary context of a device, current on the constructing thread, and the worker's only
// stream. It lives as long as the process.
class Context {
 public:
  // Throws Error if there is no such device.
  explicit Context(int ordinal);
  CUstream stream() const { return stream_; }
  const DeviceInfo& info() const { return info_; }
  // Waits for the stream. Throws CudaFailure if the work on it faulted.
  void synchronise() const;

 private:
  CUstream stream_ = nullptr;
  DeviceInfo info_;
};

// Initialises the driver and returns the number of devices. Throws Error if there is no driver, or
// no device that the driver can use.
int count_devices();
// Returns a device's properties. Reads only attributes and creates no context.
DeviceInfo describe_device(int ordinal);

// Device memory of a fixed size, which is freed with the object.
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
