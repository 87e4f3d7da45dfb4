#include "devices/gpu/runtime/device_memory.h"

namespace tw::gpu {

DeviceMemory::DeviceMemory(Runtime& runtime, std::int64_t bytes)
    : runtime_(&runtime), address_(runtime.allocate(bytes)), bytes_(bytes) {}

DeviceMemory::~DeviceMemory() {
  if (address_ != 0) runtime_->free(address_);
}

}  // namespace tw::gpu
