// The device of a GPU. Compilers run in compile workers, and verification and timing in a measuring
// worker; all of them can be killed. This process never creates a context and never loads a driver.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "devices/device.h"
#include "devices/gpu/protocol/platform.h"

namespace tw::gpu {

struct DeviceOptions {
  int ordinal = 0;
  int compile_workers = 0;  // 0: one for each core
  double compile_timeout_ms = 60000;
  bool cache = true;
  std::string cache_folder;  // empty: $XDG_CACHE_HOME/tilewright/cubin or ~/.cache/tilewright/cubin
  std::int64_t cache_bytes = std::int64_t{2} << 30;
};

// Starts the workers of the platform. Throws Error if there is no such device, no driver or no
// compiler; the error says what is missing and what to install.
std::unique_ptr<Device> open_device(Platform platform, DeviceOptions options);

}  // namespace tw::gpu
