#include "devices/frame_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/base/error.h"
#include "devices/frame.h"

namespace tw {
namespace {

constexpr std::string_view preamble = "tilewright fleet\n";

// Returns the first line of some bytes for a message.
std::string first_line(std::string_view bytes) {
  std::string line;
  for (const char c : bytes.substr(0, std::min(bytes.find('\n'), std::size_t{60}))) {
    line += c >= ' ' && c <= '~' ? c : '?';
  }
  return line;
}

void make_non_blocking(int descriptor) {
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

}  // namespace

FrameStream::FrameStream(int in, int out) : in_(in), out_(out), outgoing_(preamble) {
  make_non_blocking(in);
  make_non_blocking(out);
}

void FrameStream::take_preamble() {
  if (has_preamble_) return;
  const std::size_t count = std::min(incoming_.size(), preamble.size());
  if (std::string_view(incoming_).substr(0, count) != preamble.substr(0, count)) {
    throw Error(
        fmt::format("it is no worker: it writes '{}' to its stdout", first_line(incoming_)));
  }
  if (count < preamble.size()) return;
  incoming_.erase(0, count);
  has_preamble_ = true;
}

bool FrameStream::send(std::string_view frame) {
  if (frame.size() > max_frame_bytes) throw Error("a message to a worker exceeds 1 GiB");
  const auto size = static_cast<std::uint32_t>(frame.size());
  char header[sizeof size];
  std::memcpy(header, &size, sizeof size);
  outgoing_.append(header, sizeof size);
  outgoing_.append(frame);
  return flush();
}

bool FrameStream::flush() {
  while (written_ < outgoing_.size() && !is_closed_) {
    const ssize_t count = ::write(out_, outgoing_.data() + written_, outgoing_.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) {
      is_closed_ = true;
    } else {
      written_ += static_cast<std::size_t>(count);
    }
  }
  outgoing_.clear();
  written_ = 0;
  return !is_closed_;
}

std::optional<std::string> FrameStream::receive() {
  flush();
  if (has_preamble_) {
    if (auto frame = take_frame(incoming_)) return frame;
  }
  char chunk[65536];
  while (true) {
    const ssize_t count = ::read(in_, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::nullopt;
    if (count <= 0) {
      is_closed_ = true;
      return std::nullopt;
    }
    incoming_.append(chunk, static_cast<std::size_t>(count));
    take_preamble();
    if (!has_preamble_) continue;
    if (auto frame = take_frame(incoming_)) return frame;
  }
}

}  // namespace tw
