// A connection to another process that carries frames in both directions. Each way to reach a
// worker (a pipe to a child, a command such as ssh, MPI) is one implementation.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tw::fleet {

class Transport {
 public:
  virtual ~Transport() = default;
  // Sends a frame. Never blocks: what the other end does not take yet is kept. Returns false if the
  // other end is gone.
  virtual bool send(std::string_view frame) = 0;
  // Returns the next complete frame that has arrived; nothing if there is none. Never blocks.
  // Throws Error if the bytes are no frames.
  virtual std::optional<std::string> receive() = 0;
  // Returns a descriptor that is readable when bytes have arrived; -1 if there is none, so that the
  // transport must be polled.
  virtual int descriptor() const = 0;
  // Returns whether frames are kept that the other end has not taken.
  virtual bool has_unsent() const = 0;
  // Returns how the other end was lost: "exited with 1"; empty while it is there.
  virtual std::string end_reason() = 0;
};

}  // namespace tw::fleet
