// A terminal for tests: it shows what the sequences of tune leave on it. It knows carriage return,
// newline (with a carriage return, as a terminal's driver makes it), cursor up, erasing to the end
// of the line and of the screen, and colours, which it ignores. Lines that are broken because they
// are too long are joined and broken anew when the width changes, as today's terminals do.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tw {

class Terminal {
 public:
  Terminal(int columns, int rows) : columns_(columns), rows_(rows) {}
  int columns() const { return columns_; }
  int rows() const { return rows_; }

  void write(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b') {
        i = obey(text, i);
      } else if (text[i] == '\r') {
        column_ = 0;
      } else if (text[i] == '\n') {
        column_ = 0;
        if (++row_ == lines_.size()) lines_.emplace_back();
      } else {
        std::size_t end = i + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
        put(std::string(text.substr(i, end - i)));
        i = end - 1;
      }
    }
  }

  void resize(int columns, int rows) {
    rows_ = rows;
    columns_ = columns;
    std::vector<Line> old;
    old.swap(lines_);
    const std::size_t cursor = row_;
    for (std::size_t i = 0; i < old.size(); ++i) {
      const std::size_t width = static_cast<std::size_t>(columns);
      std::size_t begin = 0;
      do {
        const std::size_t end = std::min(old[i].size(), begin + width);
        lines_.emplace_back(old[i].begin() + static_cast<std::ptrdiff_t>(begin),
                            old[i].begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
      } while (begin < old[i].size());
      if (i == cursor) row_ = lines_.size() - 1;
    }
    column_ = lines_[row_].size();
  }

  // The lines up to the last one that has text, without blanks at their ends.
  std::string text() const {
    std::string text, empty;
    for (const Line& line : lines_) {
      std::string shown;
      for (const std::string& character : line) shown += character;
      shown.erase(shown.find_last_not_of(' ') + 1);
      empty += shown + "\n";
      if (shown.empty()) continue;
      text += empty;
      empty.clear();
    }
    return text;
  }

 private:
  using Line = std::vector<std::string>;  // characters

  // The first line that has not been scrolled away: the cursor moves no higher.
  std::size_t top() const {
    const auto rows = static_cast<std::size_t>(rows_);
    return lines_.size() > rows ? lines_.size() - rows : 0;
  }

  void put(std::string character) {
    if (column_ >= static_cast<std::size_t>(columns_)) write("\n");
    Line& line = lines_[row_];
    if (line.size() <= column_) line.resize(column_ + 1, " ");
    line[column_++] = std::move(character);
  }

  // Obeys the sequence that begins at `at`, and returns where it ends.
  std::size_t obey(std::string_view text, std::size_t at) {
    const std::size_t end = text.find_first_of("AJKm", at);
    if (end == std::string_view::npos || text[at + 1] != '[') {
      ADD_FAILURE() << "an unknown sequence: " << text.substr(at + 1);
      return text.size();
    }
    const int count = std::atoi(std::string(text.substr(at + 2, end - at - 2)).c_str());
    switch (text[end]) {
      case 'A':
        row_ -= std::min(row_ - top(), static_cast<std::size_t>(std::max(1, count)));
        break;
      case 'J':
        lines_.resize(row_ + 1);
        [[fallthrough]];
      case 'K':
        if (lines_[row_].size() > column_) lines_[row_].resize(column_);
        break;
      default:
        break;
    }
    return end;
  }

  int columns_, rows_;
  std::vector<Line> lines_{Line()};
  std::size_t row_ = 0, column_ = 0;
};

}  // namespace tw
