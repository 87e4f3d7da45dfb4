// The measuring worker's CUDA context, and the driver's errors.
#pragma once
#include <string>
#include <string_view>

#include "core/types/device_info.h"
#include "devices/cuda/driver/libraries.h"
#include "devices/gpu/runtime/failure.h"

namespace tw::cuda {

// Throws gpu::Failure if the call failed; `doing` says what was tried.
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
  // Waits for the stream. Throws gpu::Failure if the work on it faulted.
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

}  // namespace tw::cuda
