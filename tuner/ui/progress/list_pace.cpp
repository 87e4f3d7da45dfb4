#include "ui/progress/list_pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ui/format.h"

namespace tw {

double list_seconds_left(const ListPlace& place, double elapsed_s, double left_s) {
  const double later = static_cast<double>(place.later) / static_cast<double>(place.together);
  if (place.each_s > 0) {
    return std::max({0.0, left_s, place.each_s - elapsed_s}) + later * place.each_s;
  }
  return left_s < 0 ? -1 : left_s + later * (elapsed_s + left_s);
}

std::string place_text(const ListPlace& place, double left_s) {
  if (place.count < 2) return "";
  const std::string left = left_s < 0 ? "" : fmt::format(" ({} left)", format_duration(left_s));
  return fmt::format("{} of {}{}: ", place.number, place.count, left);
}

ListPace::ListPace(std::size_t count, Clock clock, std::size_t together)
    : clock_(std::move(clock)),
      start_(clock_()),
      count_(static_cast<std::int64_t>(count)),
      together_(static_cast<std::int64_t>(together)) {}

ListPlace ListPace::begin(std::size_t number) {
  const std::scoped_lock lock(mutex_);
  ++begun_;
  return {.number = static_cast<std::int64_t>(number),
          .count = count_,
          .later = std::max<std::int64_t>(0, count_ - begun_),
          .each_s = typical_ > 0 ? typical_s_ / static_cast<double>(typical_) : 0,
          .together = together_,
          .began = clock_()};
}

void ListPace::end(const ListPlace& place, bool is_typical) {
  if (!is_typical) return;
  const std::scoped_lock lock(mutex_);
  ++typical_;
  typical_s_ += std::chrono::duration<double>(clock_() - place.began).count();
}

void ListPace::put_off() {
  const std::scoped_lock lock(mutex_);
  --begun_;
}

double ListPace::elapsed_s() const {
  return std::chrono::duration<double>(clock_() - start_).count();
}

}  // namespace tw
