// Transports over pipes: to a child process, and to the parent on the other end.
#pragma once
#include <chrono>
#include <string>

#include "devices/fleet/transport.h"
#include "devices/frame_stream.h"
#include "devices/process.h"

namespace tw::fleet {

// The parent's end. The destructor ends the process.
class ProcessTransport final : public Transport {
 public:
  explicit ProcessTransport(WorkerProcess process)
      : process_(std::move(process)),
        stream_(process_.descriptor(), process_.sending_descriptor()) {}

  bool send(std::string_view frame) override { return stream_.send(frame); }
  std::optional<std::string> receive() override { return stream_.receive(); }
  int descriptor() const override { return stream_.descriptor(); }
  bool has_unsent() const override { return stream_.has_unsent(); }
  std::string end_reason() override {
    std::string reason = process_.end_reason();
    if (!reason.empty() || !stream_.is_closed()) return reason;
    // It ends, as a rule: how is worth a moment.
    const int end = process_.end_descriptor();
    wait_any({&end, 1}, std::chrono::steady_clock::now() + std::chrono::milliseconds(200));
    reason = process_.end_reason();
    return reason.empty() ? "closed its end" : reason;
  }

 private:
  WorkerProcess process_;
  FrameStream stream_;
};

// The worker's end, over two descriptors.
class StreamTransport final : public Transport {
 public:
  StreamTransport(int in, int out) : stream_(in, out) {}

  bool send(std::string_view frame) override { return stream_.send(frame); }
  std::optional<std::string> receive() override { return stream_.receive(); }
  int descriptor() const override { return stream_.descriptor(); }
  bool has_unsent() const override { return stream_.has_unsent(); }
  std::string end_reason() override { return stream_.is_closed() ? "closed its end" : ""; }

 private:
  FrameStream stream_;
};

}  // namespace tw::fleet
