// The worker's side of a fleet: a device that answers over a transport.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "devices/device.h"
#include "devices/fleet/messages.h"
#include "devices/fleet/transport.h"

namespace tw::fleet {

// Opens the device that a request names. Throws Error if it cannot be used.
using DeviceOpener = std::function<std::unique_ptr<Device>(const OpenRequest&)>;

// Answers the parent's requests until the parent says quit or is gone. `build` is the version and
// the commit of this program. Throws Error if the parent's messages are malformed.
void serve(Transport& parent, const std::string& build, const DeviceOpener& open);

}  // namespace tw::fleet
