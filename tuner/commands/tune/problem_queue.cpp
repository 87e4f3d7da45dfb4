#include "commands/tune/problem_queue.h"

#include <chrono>
#include <utility>

namespace tw {
namespace {

// A signal wakes nobody who waits here.
constexpr auto look_again = std::chrono::milliseconds(100);

}  // namespace

ProblemQueue::ProblemQueue(std::size_t count, std::function<bool()> stopped)
    : stopped_(std::move(stopped)) {
  for (std::size_t i = 0; i < count; ++i) waiting_.push_back({.at = i});
}

std::optional<ProblemQueue::Turn> ProblemQueue::next() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_ && !stopped_()) {
    std::deque<Turn>& from = waiting_.empty() ? put_off_ : waiting_;
    if (!from.empty()) {
      const Turn turn = from.front();
      from.pop_front();
      ++under_way_;
      return turn;
    }
    if (under_way_ == 0) return std::nullopt;
    changed_.wait_for(lock, look_again);
  }
  return std::nullopt;
}

void ProblemQueue::end(const Turn&) {
  const std::scoped_lock lock(mutex_);
  --under_way_;
  changed_.notify_all();
}

void ProblemQueue::put_off(const Turn& turn) {
  const std::scoped_lock lock(mutex_);
  --under_way_;
  put_off_.push_back({.at = turn.at, .is_second_try = true});
  changed_.notify_all();
}

void ProblemQueue::give_back(const Turn& turn) {
  const std::scoped_lock lock(mutex_);
  --under_way_;
  waiting_.push_front(turn);
  changed_.notify_all();
}

void ProblemQueue::stop() {
  const std::scoped_lock lock(mutex_);
  is_stopped_ = true;
  changed_.notify_all();
}

bool ProblemQueue::is_stopped() const {
  const std::scoped_lock lock(mutex_);
  return is_stopped_ || stopped_();
}

bool ProblemQueue::has_left() const {
  const std::scoped_lock lock(mutex_);
  return !waiting_.empty() || !put_off_.empty();
}

}  // namespace tw
