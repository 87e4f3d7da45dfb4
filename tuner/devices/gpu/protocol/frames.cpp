#include "devices/gpu/protocol/frames.h"

#include "core/types/device_info_fields.h"

namespace tw::gpu {

using nlohmann::json;

json binary(const std::string& bytes) {
  return json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}
std::string text_of(const json& binary) {
  const auto& bytes = binary.get_binary();
  return {bytes.begin(), bytes.end()};
}

std::string packed(const json& value) {
  std::string frame;
  json::to_cbor(value, frame);
  return frame;
}

json json_of(const DeviceInfo& info) {
  json object;
  each_field(device_fields, [&](const auto& field) { object[field.name] = info.*field.member; });
  return object;
}
DeviceInfo device_info_of(const json& value) {
  DeviceInfo info;
  each_field(device_fields,
             [&](const auto& field) { value.at(field.name).get_to(info.*field.member); });
  return info;
}

}  // namespace tw::gpu
