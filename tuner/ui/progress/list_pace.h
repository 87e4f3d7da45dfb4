// How far a list of problems is, and how long the rest takes.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace tw {

// The place of a problem in a list of problems.
struct ListPlace {
  std::int64_t number = 0;    // "3" in "3 of 30"
  std::int64_t count = 0;     // "30"; 0 or 1: there is no list
  std::int64_t later = 0;     // problems of the list that have not begun
  double each_s = 0;          // mean time of the problems that were searched so far; 0 if unknown
  std::int64_t together = 1;  // problems that are tuned at the same time
  std::chrono::steady_clock::time_point began{};
};

// Returns the time until the list ends. The problem has taken `elapsed_s` so far, and its search
// takes `left_s` more (negative if unknown). The result is negative if nothing is known yet.
double list_seconds_left(const ListPlace& place, double elapsed_s, double left_s);
// Returns "3 of 30 (1 h 12 m left): ", without the time if `left_s` is negative. Returns nothing if
// there is no list.
std::string place_text(const ListPlace& place, double left_s);

// Measures how long the problems of a list take. Any thread may use it.
class ListPace {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // `together`: the number of problems that are tuned at the same time.
  ListPace(std::size_t count, Clock clock, std::size_t together = 1);

  // Starts the problem of this number (from 1), and returns its place.
  ListPlace begin(std::size_t number);
  // Ends a problem. `is_typical`: something new was measured, so that the problems to come may take
  // as long.
  void end(const ListPlace& place, bool is_typical);
  // Takes a problem back that did not end: it begins again later.
  void put_off();
  double elapsed_s() const;  // since the list was started

 private:
  Clock clock_;
  std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::int64_t count_ = 0, together_ = 1, begun_ = 0, typical_ = 0;
  double typical_s_ = 0;  // the sum of the times of typical problems
};

}  // namespace tw
