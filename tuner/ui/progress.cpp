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

Progress::Progress(std::FILE* stream, Mode mode, int width, Clock clock)
    : stream_(stream), mode_(mode), width_(width), clock_(std::move(clock)) {}

Progress Progress::on_stderr(bool quiet) {
  winsize size{};
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const bool known = terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const Mode mode = quiet ? Mode::quiet : terminal ? Mode::terminal : Mode::lines;
  return Progress(stderr, mode, known ? size.ws_col : 80,
                  [] { return std::chrono::steady_clock::now(); });
}

void Progress::update(const Status& status) {
  if (mode_ == Mode::quiet) return;
  const auto now = clock_();
  const auto since = now - last_;
  if (last_ == std::chrono::steady_clock::time_point{}) {
    last_ = now;
    if (mode_ == Mode::lines) return;
  }
  if (mode_ == Mode::terminal) {
    if (open_ && since < redraw_interval) return;
    const std::string line =
        clipped(one_line(progress_line(status)), static_cast<std::size_t>(width_ - 1));
    std::fputs(fmt::format("\r{}\x1b[K", line).c_str(), stream_);
    std::fflush(stream_);
    open_ = true;
  } else {
    const bool better = status.best > 0 && (last_best_ == 0 || status.best < last_best_);
    if (since < (better ? std::chrono::milliseconds(improvement_interval)
                        : std::chrono::milliseconds(line_interval))) {
      return;
    }
    std::fputs((one_line(progress_line(status)) + "\n").c_str(), stream_);
    last_best_ = status.best;
  }
  last_ = now;
}

void Progress::note(std::string_view line) {
  if (mode_ == Mode::quiet) return;
  clear();
  std::fputs((one_line(line) + "\n").c_str(), stream_);
}

void Progress::clear() {
  if (open_) std::fputs("\r\x1b[K", stream_);
  open_ = false;
  std::fflush(stream_);
}

}  // namespace tw
