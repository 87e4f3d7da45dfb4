// The description of a device as text and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/types/device_info.h"

namespace tw {

// Returns "H200 (cc 9.0, 132 SMs), driver 580.159, NVRTC 13.0", and what kind of times the device
// gives.
std::string describe(const DeviceInfo& info, const std::vector<std::string>& recordings);
std::string device_json(const DeviceInfo& info);
// Returns the element "device" of a result.
nlohmann::ordered_json device_object(const DeviceInfo& info);

}  // namespace tw
