// A search on several lines of a terminal: how far it is, its best configuration, the best value
// over the search as a plot, the outcomes, and how busy compilers and GPUs are.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "ui/progress/screen.h"
#include "ui/progress/status.h"

namespace tw {

class LiveView {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Forgets the search before. `now` is the time at which the next one begins.
  void restart(Time now);
  // Takes in the status at this time. Times must not decrease.
  void remember(const Status& status, Time now);
  // Returns the lines of the latest status, at most as many as `room` has rows. The first line
  // begins with `place`.
  std::vector<ScreenLine> lines(const std::string& place, Extent room, bool utf8) const;

 private:
  // A new best value.
  struct Best {
    double done = 0, elapsed_s = 0;  // when it was found
    double value = 0;
    std::string text;  // with its unit
  };
  double axis_end() const;
  double axis_place(double done, double elapsed_s) const;
  std::string axis_text() const;
  void add_plot(std::vector<ScreenLine>& lines, Extent room, bool utf8) const;
  std::string busy_text(bool utf8) const;

  Status status_;  // the latest
  Status search_;  // the latest that was of the search, not of the race
  std::vector<Best> bests_;
  double compiling_ = 0, measuring_ = 0;  // shares in 0..1, smoothed over some seconds
  Time last_{};
};

}  // namespace tw
