// The order in which the problems of a list are tuned. Any thread may use it.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace tw {

class ProblemQueue {
 public:
  struct Turn {
    std::size_t at = 0;          // index of the problem
    bool is_second_try = false;  // it was put off
  };

  // Holds `count` problems. `stopped` returns whether the user wants to end.
  ProblemQueue(std::size_t count, std::function<bool()> stopped);

  // Returns the next problem: in the order of the list, then those that were put off. Waits while
  // there is none, but a problem under way may still come back. Returns nothing at the end.
  std::optional<Turn> next();
  // Each turn ends with one of these three.
  void end(const Turn& turn);
  void put_off(const Turn& turn);    // another process searches the problem: it comes last
  void give_back(const Turn& turn);  // its worker was lost: it comes next
  // Ends the list: next() returns nothing from now on.
  void stop();

  bool is_stopped() const;
  // Returns whether problems are left that nobody has tuned.
  bool has_left() const;

 private:
  std::function<bool()> stopped_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Turn> waiting_, put_off_;
  std::size_t under_way_ = 0;
  bool is_stopped_ = false;
};

}  // namespace tw
