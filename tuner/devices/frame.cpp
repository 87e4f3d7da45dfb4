#include "devices/frame.h"

#include <cstdint>
#include <cstring>

#include "core/base/error.h"

namespace tw {

std::optional<std::string> take_frame(std::string& buffer) {
  std::uint32_t size = 0;
  if (buffer.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, buffer.data(), sizeof size);
  if (size > max_frame_bytes) throw Error("a worker sent a malformed message");
  if (buffer.size() < sizeof size + size) return std::nullopt;
  std::string frame = buffer.substr(sizeof size, size);
  buffer.erase(0, sizeof size + size);
  return frame;
}

}  // namespace tw
