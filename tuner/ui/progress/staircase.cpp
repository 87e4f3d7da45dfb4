#include "ui/progress/staircase.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tw {
namespace {

// The bits of a braille character (U+2800 and on) by the row and column of the dot, as the Unicode
// Standard numbers them (chapter 21, "Braille Patterns").
constexpr std::array<std::array<unsigned, 2>, 4> braille_bits{
    {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
constexpr unsigned braille_blank = 0x2800;

std::string braille(unsigned bits) {
  const unsigned code = braille_blank + bits;
  return {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

// A grid of dots; row 0 is at the top.
class Dots {
 public:
  Dots(int columns, int rows) : columns_(columns), rows_(rows) {
    set_.resize(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  }
  void set(int column, int row) { set_[at(column, row)] = true; }
  bool is_set(int column, int row) const { return set_[at(column, row)]; }
  int column_of(double x) const { return nearest(x, columns_); }
  int row_of(double y) const { return nearest(1 - y, rows_); }

 private:
  static int nearest(double share, int count) {
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * (count - 1)));
  }
  std::size_t at(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }

  int columns_, rows_;
  std::vector<bool> set_;
};

// Draws each step to the right up to the next one, and down to it.
void draw(Dots& dots, std::span<const Step> steps, double end) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool is_last = i + 1 == steps.size();
    const int row = dots.row_of(steps[i].y);
    const int next_column = dots.column_of(is_last ? end : steps[i + 1].x);
    const int next_row = is_last ? row : dots.row_of(steps[i + 1].y);
    for (int column = dots.column_of(steps[i].x); column <= next_column; ++column) {
      dots.set(column, row);
    }
    for (int down = row; down <= next_row; ++down) dots.set(next_column, down);
  }
}

}  // namespace

std::vector<std::string> staircase(std::span<const Step> steps, double end, int columns, int rows,
                                   bool utf8) {
  const int wide = utf8 ? 2 : 1, high = utf8 ? 4 : 1;  // dots of a character
  Dots dots(columns * wide, rows * high);
  draw(dots, steps, end);
  std::vector<std::string> lines(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    std::string& line = lines[static_cast<std::size_t>(row)];
    for (int column = 0; column < columns; ++column) {
      unsigned bits = 0;
      for (int y = 0; y < high; ++y) {
        for (int x = 0; x < wide; ++x) {
          if (!dots.is_set(column * wide + x, row * high + y)) continue;
          bits |= braille_bits[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
        }
      }
      line += utf8 ? braille(bits) : bits != 0 ? "*" : " ";
    }
  }
  return lines;
}

std::string bar(double share, int columns, bool utf8) {
  const auto filled = std::lround(std::clamp(share, 0.0, 1.0) * columns);
  std::string text;
  for (int column = 0; column < columns; ++column) {
    text += column < filled ? (utf8 ? "\u2588" : "#") : (utf8 ? "\u2591" : "-");
  }
  return text;
}

}  // namespace tw
