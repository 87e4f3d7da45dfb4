// The framing of messages to and from workers in a stream. A frame is four bytes with the message's
// size, followed by the message.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace tw {

// a larger size means a broken peer
inline constexpr std::size_t max_frame_bytes = std::size_t{1} << 30;

// Removes the first complete frame from the buffer and returns it, if there is one. Throws Error if
// the frame is too large.
std::optional<std::string> take_frame(std::string& buffer);

}  // namespace tw
