// Ranks notice that rank 0 is gone. MPI does not tell them if the job goes on without a rank
// (--enable-recovery), so they ask, and a thread of rank 0 answers.
#pragma once
#include <mpi.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "devices/fleet/silence.h"
#include "devices/fleet/transport.h"
#include "mpi/mpi_transport.h"

namespace tw {

// Rank 0's answers, from a thread of their own: a search may think for long.
class Presence {
 public:
  Presence();
  ~Presence();

 private:
  void answer(const std::stop_token& stop);

  std::list<MpiMessage> answers_;  // under way
  std::jthread thread_;
};

// The connection of another rank to rank 0.
class ParentTransport final : public fleet::Transport {
 public:
  ~ParentTransport() override;

  bool send(std::string_view frame) override { return messages_.send(frame); }
  std::optional<std::string> receive() override { return messages_.receive(); }
  int descriptor() const override { return messages_.descriptor(); }
  bool has_unsent() const override { return messages_.has_unsent(); }
  // Asks rank 0 each second whether it is there. Rank 0 is gone if it does not answer for longer
  // than the limit.
  std::string end_reason() override;
  void set_silence_limit(std::chrono::seconds limit) { silence_limit_ = limit; }

 private:
  MpiTransport messages_{0};
  std::list<MpiMessage> question_;  // under way
  bool waits_ = false;              // for an answer
  std::chrono::steady_clock::time_point asked_{};
  fleet::Silence silence_;
  std::chrono::seconds silence_limit_{30};
};

}  // namespace tw
