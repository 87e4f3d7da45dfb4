// How messages to and from workers are told apart in a stream: each is a frame, four bytes of its
// size and then itself.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

namespace tw {

inline constexpr std::size_t max_frame_bytes = std::size_t{1} << 30;  // more is a broken peer

// Takes the first whole frame off the buffer, if there is one. Throws Error if it is too large.
std::optional<std::string> take_frame(std::string& buffer);

}  // namespace tw
