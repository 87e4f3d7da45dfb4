// The names by which users choose devices: "cuda:1", "cpu:80", "replay:FILE", and lists of them.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/device.h"

namespace tw {

// Returns the names in a list such as "cuda:0,cuda:1". "cuda" is the first GPU. Only the first
// name of a list may be "auto" or "all", and then it is the only one. Throws Error that names
// --device if a name is malformed.
std::vector<std::string> parse_device_names(const std::string& text);

// Returns what a name such as "cpu:80" emulates; 90 if it does not say.
int emulated_cc_of(const std::string& name);

// Returns the names of all GPUs of this host, for "all". Throws Error if there is none, unless
// `may_be_none`.
std::vector<std::string> all_gpus(bool may_be_none);

// Opens a device in this process. The name is "cuda" (the first GPU), "cuda:N", "cpu", "cpu:CC", or
// "replay:" and the paths of recordings, one a line. `cache`: use kernels that were compiled
// before. `sharers`: processes of this host that compile at the same time. Throws Error if the
// device cannot be used.
std::unique_ptr<Device> open_named(const std::string& name, bool cache, int sharers);

}  // namespace tw
