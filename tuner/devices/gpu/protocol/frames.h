// What the messages of workers are made of: values as CBOR, one frame a message.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/cbor_fields.h"
#include "core/base/error.h"
#include "core/types/device_info.h"

namespace tw::gpu {

nlohmann::json binary(const std::string& bytes);
std::string text_of(const nlohmann::json& binary);

nlohmann::json json_of(const DeviceInfo& info);
DeviceInfo device_info_of(const nlohmann::json& value);

// Returns the frame of a message.
std::string packed(const nlohmann::json& value);
// Reads a frame: `read` converts the message to a value. Any malformed message gives one Error.
template <class Read>
auto unpacked(const std::string& frame, Read read) {
  try {
    return read(cbor::tree_of(frame));
  } catch (const nlohmann::json::exception& error) {
    throw Error(std::string("a cuda worker sent a malformed message: ") + error.what());
  }
}

}  // namespace tw::gpu
