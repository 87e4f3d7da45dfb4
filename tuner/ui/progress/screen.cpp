#include "ui/progress/screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ui/format.h"
#include "ui/output.h"

namespace tw {
namespace {

const char* start_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      break;
    case Tone::strong:
      return "\x1b[1m";
    case Tone::dim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

int Screen::enter() {
  const std::scoped_lock lock(mutex_);
  return entered_++;
}

// Returns how many rows each of so many problems may fill. One row stays free, so that the first
// line is not scrolled away.
int Screen::rows_for_each(std::size_t problems) const {
  if (mode_ != Mode::live) return 1;
  return std::max(1, (extent_().rows - 1) / std::max(1, static_cast<int>(problems)));
}

Extent Screen::room_of(int problem) {
  const std::scoped_lock lock(mutex_);
  const bool is_new = std::none_of(shown_.begin(), shown_.end(),
                                   [&](const Shown& one) { return one.first == problem; });
  return {.columns = extent_().columns - 1,
          .rows = rows_for_each(shown_.size() + (is_new ? 1 : 0))};
}

// Returns the lines of all problems, cut to what the terminal can hold.
std::vector<ScreenLine> Screen::block(int columns) const {
  std::vector<ScreenLine> lines;
  if (mode_ == Mode::live) {
    const auto rows = static_cast<std::ptrdiff_t>(rows_for_each(shown_.size()));
    for (const auto& [problem, own] : shown_) {
      lines.insert(lines.end(), own.begin(), own.begin() + std::min(rows, std::ssize(own)));
    }
  } else if (!shown_.empty()) {
    ScreenLine& line = lines.emplace_back();
    for (const auto& [problem, own] : shown_) {
      line.text += (line.text.empty() ? "" : " | ") + own.front().text;
    }
  }
  const auto most = static_cast<std::size_t>(std::max(1, extent_().rows - 1));
  if (lines.size() > most) lines.resize(most);  // more problems than rows
  for (ScreenLine& line : lines) {
    line.text = clipped(one_line(line.text), static_cast<std::size_t>(std::max(1, columns - 1)));
  }
  return lines;
}

// Returns what moves the cursor to the start of the drawn lines, and removes them if they are more
// than one. A terminal that became narrower has broken the lines that no longer fit.
std::string Screen::to_start(int columns) const {
  int rows = 0;
  for (const int length : drawn_) rows += std::max(1, (length + columns - 1) / columns);
  return rows > 1 ? fmt::format("\r\x1b[{}A\x1b[J", rows - 1) : "\r";
}

void Screen::erase() {
  if (drawn_.empty()) return;
  std::fputs((to_start(std::max(1, extent_().columns)) + "\x1b[K").c_str(), stream_);
  drawn_.clear();
}

void Screen::rewrite(int problem, std::vector<ScreenLine> lines) {
  const std::scoped_lock lock(mutex_);
  const auto place = std::find_if(shown_.begin(), shown_.end(),
                                  [&](const Shown& one) { return one.first == problem; });
  if (lines.empty()) {
    if (place != shown_.end()) shown_.erase(place);
  } else if (place != shown_.end()) {
    place->second = std::move(lines);
  } else {
    shown_.emplace_back(problem, std::move(lines));
  }
  const int columns = std::max(1, extent_().columns);
  const std::vector<ScreenLine> next = block(columns);
  if (next.empty()) {
    erase();
  } else {
    std::string text = to_start(columns);
    drawn_.clear();
    for (const ScreenLine& line : next) {
      if (!drawn_.empty()) text += "\n";
      const char* const start = glyphs_.colours ? start_of(line.tone) : "";
      text += fmt::format("{}{}{}\x1b[K", start, line.text, *start ? "\x1b[0m" : "");
      drawn_.push_back(static_cast<int>(width_of(line.text)));
    }
    std::fputs(text.c_str(), stream_);
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

}  // namespace tw
