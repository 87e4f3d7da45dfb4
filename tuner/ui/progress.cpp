#include "ui/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "ui/format.h"
#include "ui/output.h"

namespace tw {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);
constexpr auto improvement_interval = std::chrono::seconds(1);

// Returns the seconds until the budget is spent; negative if unknown.
double seconds_left(const Status& status) {
  if (status.budget_s > 0) return std::max(0.0, status.budget_s - status.elapsed_s);
  if (status.done == 0 || status.budget == 0) return -1;
  const double each = status.elapsed_s / static_cast<double>(status.done);
  return each * static_cast<double>(std::max<std::int64_t>(0, status.budget - status.done));
}

}  // namespace

std::string progress_line(const Status& status) {
  std::string line = status.what;
  if (status.done > 0 || status.budget > 0) line += fmt::format(" {}", status.done);
  if (status.budget > 0) line += fmt::format("/{}", status.budget);
  if (status.elapsed_s > 0 && status.done > 0) {
    const double rate = static_cast<double>(status.done) / status.elapsed_s;
    line += fmt::format(", {}/s", format_significant(rate, 3));
  }
  if (status.best > 0) {
    line += fmt::format(", best {} ({})", status.best_text, abbreviate(status.configuration));
  }
  if (status.failed > 0) line += fmt::format(", {} failed", status.failed);
  const double left = seconds_left(status);
  if (left >= 0) line += fmt::format(", {} left", format_duration(left));
  return line;
}

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

int Screen::enter() {
  const std::scoped_lock lock(mutex_);
  return entered_++;
}

void Screen::erase() {
  if (open_) std::fputs("\r\x1b[K", stream_);
  open_ = false;
}

void Screen::rewrite(int problem, std::string text) {
  const std::scoped_lock lock(mutex_);
  const auto place = std::find_if(texts_.begin(), texts_.end(),
                                  [&](const auto& one) { return one.first == problem; });
  if (text.empty()) {
    if (place != texts_.end()) texts_.erase(place);
  } else if (place != texts_.end()) {
    place->second = std::move(text);
  } else {
    texts_.emplace_back(problem, std::move(text));
  }
  std::string line;
  for (const auto& [number, one] : texts_) line += (line.empty() ? "" : " | ") + one;
  if (line.empty()) {
    erase();
  } else {
    const std::string seen = clipped(one_line(line), static_cast<std::size_t>(width_ - 1));
    std::fputs(fmt::format("\r{}\x1b[K", seen).c_str(), stream_);
    open_ = true;
  }
  std::fflush(stream_);
}

void Screen::print(std::string_view line) {
  const std::scoped_lock lock(mutex_);
  erase();
  std::fputs((one_line(line) + "\n").c_str(), stream_);
}

void Screen::make_way(const std::function<void()>& output) {
  const std::scoped_lock lock(mutex_);
  erase();
  std::fflush(stream_);
  output();
}

Progress::Progress(std::shared_ptr<Screen> screen, Clock clock)
    : screen_(std::move(screen)), clock_(std::move(clock)), number_(screen_->enter()) {}

Progress Progress::on_stderr(bool quiet) {
  winsize size{};
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const bool known = terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const Mode mode = quiet ? Mode::quiet : terminal ? Mode::terminal : Mode::lines;
  return Progress(stderr, mode, known ? size.ws_col : 80,
                  [] { return std::chrono::steady_clock::now(); });
}

void Progress::in_list(const ListPlace& place) {
  place_ = place;
  problem_start_ = clock_();
}

// Returns the place in the list. `left_s` is what the problem's search still takes.
std::string Progress::list_text(double left_s) const {
  const double elapsed_s = std::chrono::duration<double>(clock_() - problem_start_).count();
  return place_text(place_, list_seconds_left(place_, elapsed_s, left_s));
}

void Progress::update(const Status& status) {
  const Mode mode = screen_->mode();
  if (mode == Mode::quiet) return;
  const auto now = clock_();
  const auto since = now - last_;
  const bool is_first = last_ == std::chrono::steady_clock::time_point{};
  if (is_first) last_ = now;
  const std::string line = list_text(seconds_left(status)) + progress_line(status);
  if (mode == Mode::terminal) {
    if (!is_first && since < redraw_interval) return;
    screen_->rewrite(number_, line);
  } else {
    const bool better = status.best > 0 && (last_best_ == 0 || status.best < last_best_);
    const auto interval = better ? std::chrono::milliseconds(improvement_interval)
                                 : std::chrono::milliseconds(line_interval);
    if (is_first || since < interval) return;
    screen_->print(line);
    last_best_ = status.best;
  }
  last_ = now;
}

void Progress::note(std::string_view line) {
  if (screen_->mode() == Mode::quiet) return;
  screen_->print(place_.together > 1 ? place_text(place_, -1).append(line) : std::string(line));
}

void Progress::headline(std::string_view line) {
  if (screen_->mode() == Mode::quiet) return;
  screen_->print(list_text(-1).append(line));
}

void Progress::clear() {
  if (screen_->mode() == Mode::terminal) screen_->rewrite(number_, "");
}

}  // namespace tw
