#pragma once
#include <cstdint>
#include <utility>

#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

// Device memory of a fixed size, which is freed with the object.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  // The runtime must outlive the memory. Throws Failure.
  DeviceMemory(Runtime& runtime, std::int64_t bytes);
  DeviceMemory(DeviceMemory&& other) noexcept { *this = std::move(other); }
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(address_, other.address_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~DeviceMemory();
  Address address() const { return address_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  Runtime* runtime_ = nullptr;
  Address address_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace tw::gpu
