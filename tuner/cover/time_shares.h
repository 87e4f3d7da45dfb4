// Shares the time of a run among ranges, and that of a range among its shapes.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>

namespace tw {

class TimeShares {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // `seconds`: of the whole run, from now; 0 if nothing bounds it.
  TimeShares(double seconds, std::size_t ranges, Clock clock);

  // Begins the next range. It gets an equal part of the time that the ranges before it left.
  void begin_range();
  // Returns whether shapes of the range may still be tuned. The last third is for measuring the
  // candidates.
  bool may_tune() const;
  // Returns whether the time of the range is over.
  bool is_over() const;
  // Returns the seconds until then; 0 if nothing bounds it.
  double left_s() const;
  // Returns the seconds for the search of one of the range's shapes; its race takes the rest of the
  // shape's time. 0 if nothing bounds it.
  double search_s(std::size_t shapes) const;

 private:
  double elapsed_s() const;  // since the range began

  double seconds_;
  std::size_t later_;  // ranges that have not begun
  Clock clock_;
  std::chrono::steady_clock::time_point began_, range_began_;
  double range_s_ = 0;
};

}  // namespace tw
