#include "ui/progress/progress.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace tw {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);
constexpr auto improvement_interval = std::chrono::seconds(1);

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

Extent extent_of_stderr() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? Extent{.columns = size.ws_col, .rows = std::max<int>(1, size.ws_row)} : Extent{};
}

// Returns what the terminal can show: the environment says it (the locale, https://no-color.org).
Glyphs glyphs() {
  const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  const bool utf8 = locale && std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  if (locale) freelocale(locale);
  return {.utf8 = utf8, .colours = environment("NO_COLOR").empty()};
}

}  // namespace

Progress::Progress(std::shared_ptr<Screen> screen, Clock clock)
    : screen_(std::move(screen)), clock_(std::move(clock)), number_(screen_->enter()) {}

Progress Progress::on_stderr(Detail detail) {
  const bool terminal = isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb";
  const Mode mode = detail == Detail::none   ? Mode::quiet
                    : !terminal              ? Mode::lines
                    : detail == Detail::view ? Mode::live
                                             : Mode::terminal;
  return Progress(std::make_shared<Screen>(stderr, mode, extent_of_stderr, glyphs()),
                  [] { return std::chrono::steady_clock::now(); });
}

void Progress::in_list(const ListPlace& place) {
  place_ = place;
  problem_start_ = clock_();
  view_.restart(problem_start_);
}

// Returns the place in the list. `left_s` is what the problem's search still takes.
std::string Progress::list_text(double left_s) const {
  const double elapsed_s = std::chrono::duration<double>(clock_() - problem_start_).count();
  return place_text(place_, list_seconds_left(place_, elapsed_s, left_s));
}

void Progress::update(const Status& status) {
  const auto text = [&] { return list_text(seconds_left(status)); };
  switch (screen_->mode()) {
    case Mode::quiet:
      return;
    case Mode::lines:
      if (is_line_due(status)) screen_->print(text() + progress_line(status));
      return;
    case Mode::terminal:
      if (may_redraw()) screen_->rewrite(number_, {{text() + progress_line(status)}});
      return;
    case Mode::live:
      view_.remember(status, clock_());
      if (!may_redraw()) return;
      screen_->rewrite(number_,
                       view_.lines(text(), screen_->room_of(number_), screen_->glyphs().utf8));
      return;
  }
}

bool Progress::may_redraw() {
  const auto now = clock_();
  if (now - last_ < redraw_interval) return false;
  last_ = now;
  return true;
}

// Returns whether another line is due: sooner if there is a better time.
bool Progress::is_line_due(const Status& status) {
  const auto now = clock_();
  if (last_ == std::chrono::steady_clock::time_point{}) last_ = now;  // the first status
  const bool better = status.best > 0 && (last_best_ == 0 || status.best < last_best_);
  const auto interval = better ? std::chrono::milliseconds(improvement_interval)
                               : std::chrono::milliseconds(line_interval);
  if (now - last_ < interval) return false;
  last_ = now;
  last_best_ = status.best;
  return true;
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
  const Mode mode = screen_->mode();
  if (mode == Mode::terminal || mode == Mode::live) screen_->rewrite(number_, {});
}

}  // namespace tw
