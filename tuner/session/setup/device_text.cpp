#include "session/setup/device_text.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/types/device_info_fields.h"
#include "ui/format.h"
#include "ui/json_text.h"

namespace tw {

nlohmann::ordered_json device_object(const DeviceInfo& info) {
  nlohmann::ordered_json object;
  each_field(device_text_fields, [&](const auto& field) { object[field.name] = field.of(info); });
  object["sm_clock_mhz"] = known(info.sm_clock_mhz > 0, info.sm_clock_mhz);
  object["memory_bandwidth"] = known(info.memory_bandwidth > 0, info.memory_bandwidth);
  each_field(device_limit_fields, [&](const auto& field) {
    const auto value = field.of(info);
    object[field.name] = known(value > 0, value);
  });
  return object;
}

std::string describe(const DeviceInfo& info, const std::vector<std::string>& recordings) {
  std::string text = info.model;
  if (info.cc > 0) text += fmt::format(", cc {}.{}", info.cc / 10, info.cc % 10);
  if (info.sms > 0 && info.kind != DeviceKind::cpu) text += fmt::format(", {} SMs", info.sms);
  if (!info.driver.empty()) text += fmt::format(", driver {}", info.driver);
  if (!info.toolchain.empty()) text += fmt::format(", {}", info.toolchain);
  if (info.kind == DeviceKind::cpu) text += "; the times are this host's, not a GPU's";
  for (const std::string& path : recordings) {
    text += fmt::format("{}{}", &path == &recordings.front() ? "; replayed from " : " and ",
                        std::filesystem::path(path).filename().string());
  }
  return text;
}

std::string device_json(const DeviceInfo& info) { return json_text(device_object(info), -1); }

}  // namespace tw
