#include "core/plan/parts.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/cbor_fields.h"
#include "core/base/digest.h"

namespace tw {

std::string PartsSent::name(const std::string& bytes) {
  std::string name = digest(bytes);
  if (known_.insert(name).second) {
    bytes_ += bytes.size();
    due_.emplace(name, bytes);
  }
  return name;
}

void PartsSent::complete(nlohmann::json& message) {
  nlohmann::json parts = nlohmann::json::object();
  for (const auto& [name, bytes] : due_) {
    parts[name] = nlohmann::json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  }
  message["parts"] = std::move(parts);
  message["forgets"] = forgets_;
  due_.clear();
  forgets_ = bytes_ > most_bytes_;
  if (!forgets_) return;
  known_.clear();
  objects_.clear();
  bytes_ = 0;
}

void PartsReceived::take(const nlohmann::json& message) {
  if (cbor::boolean(message, "forgets")) {
    parts_.clear();
    objects_.clear();
  }
  const nlohmann::json& parts = cbor::at(message, "parts");
  if (!parts.is_object()) cbor::malformed("'parts' is not an object");
  for (const auto& [name, value] : parts.items()) {
    if (!value.is_binary()) cbor::malformed("a part is not binary");
    const auto& binary = value.get_binary();
    std::string bytes(binary.begin(), binary.end());
    if (digest(bytes) != name) cbor::malformed("a part has another digest");
    parts_[name] = std::move(bytes);
  }
}

const std::string& PartsReceived::at(const std::string& name) const {
  const auto found = parts_.find(name);
  if (found == parts_.end()) cbor::malformed("a part is missing");
  return found->second;
}

}  // namespace tw
