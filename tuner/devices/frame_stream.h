// Frames over two descriptors, without ever blocking. Each end first writes a preamble, so that a
// program that writes something else is recognised at its first bytes.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tw {

// The descriptors belong to the caller. The constructor makes them non-blocking.
class FrameStream {
 public:
  FrameStream(int in, int out);

  // Queues a frame, and writes as much as the other end takes. Returns false if the other end is
  // gone. Throws Error if the frame is too large.
  bool send(std::string_view frame);
  // Writes queued bytes, then returns the next complete frame that has arrived, if there is one.
  // Throws Error, which quotes them, if the bytes are no frames.
  std::optional<std::string> receive();
  int descriptor() const { return in_; }
  bool has_unsent() const { return !outgoing_.empty(); }
  bool is_closed() const { return is_closed_; }  // by the other end

 private:
  bool flush();
  void take_preamble();

  int in_, out_;
  std::string incoming_, outgoing_;
  std::size_t written_ = 0;  // bytes at the front of outgoing_ that are written
  bool has_preamble_ = false;
  bool is_closed_ = false;
};

}  // namespace tw
