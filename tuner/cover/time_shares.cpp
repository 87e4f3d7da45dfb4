#include "cover/time_shares.h"

#include <algorithm>
#include <utility>

namespace tw {
namespace {

constexpr double tuning_share = 0.65;  // of the time of a range
constexpr double search_share = 0.4;   // of the time of a shape
constexpr double least_search_s = 1;
constexpr double least_left_s = 0.1;

double seconds_between(std::chrono::steady_clock::time_point begin,
                       std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

TimeShares::TimeShares(double seconds, std::size_t ranges, Clock clock)
    : seconds_(seconds),
      later_(ranges),
      clock_(std::move(clock)),
      began_(clock_()),
      range_began_(began_) {}

void TimeShares::begin_range() {
  range_began_ = clock_();
  const double left = std::max(seconds_ - seconds_between(began_, range_began_), 0.0);
  range_s_ = left / static_cast<double>(std::max<std::size_t>(later_, 1));
  if (later_ > 0) --later_;
}

double TimeShares::elapsed_s() const { return seconds_between(range_began_, clock_()); }

bool TimeShares::may_tune() const { return seconds_ <= 0 || elapsed_s() < tuning_share * range_s_; }

bool TimeShares::is_over() const { return seconds_ > 0 && elapsed_s() >= range_s_; }

double TimeShares::left_s() const {
  return seconds_ > 0 ? std::max(range_s_ - elapsed_s(), least_left_s) : 0;
}

double TimeShares::search_s(std::size_t shapes) const {
  if (seconds_ <= 0) return 0;
  const auto count = static_cast<double>(std::max<std::size_t>(shapes, 1));
  return std::max(tuning_share * search_share * range_s_ / count, least_search_s);
}

}  // namespace tw
