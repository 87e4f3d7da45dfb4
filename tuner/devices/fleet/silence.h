// How long the other end of a connection has said nothing.
#pragma once
#include <algorithm>
#include <chrono>

namespace tw::fleet {

// Time in which this process does not look counts as a second at most: it may have been stopped
// together with the other end, as Slurm stops all ranks of a job.
class Silence {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Silence(Clock::time_point now = Clock::now()) : looked_(now) {}

  // The other end has said something, or has had nothing to say until now.
  void end(Clock::time_point now = Clock::now()) {
    looked_ = now;
    length_ = {};
  }
  // Returns the length of the silence. Is called each second or more often.
  Clock::duration look(Clock::time_point now = Clock::now()) {
    length_ += std::min<Clock::duration>(now - looked_, std::chrono::seconds(1));
    looked_ = now;
    return length_;
  }

 private:
  Clock::time_point looked_;
  Clock::duration length_{};
};

}  // namespace tw::fleet
