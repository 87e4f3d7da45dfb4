// The terminal or file on which progress is seen.
#pragma once
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tw {

struct Extent {
  int columns = 80, rows = 24;
};

// The abilities of a terminal.
struct Glyphs {
  bool utf8 = false;     // characters beyond ASCII
  bool colours = false;  // bold and dim text
};

enum class Tone { plain, strong, dim };

struct ScreenLine {
  std::string text;
  Tone tone = Tone::plain;
};

// The terminal or file on which the progress of one or more problems is seen. On a terminal their
// lines are rewritten in place: one line with all problems side by side, or (live) several lines a
// problem. The cursor stays at the end of these lines, and no state of the terminal changes, so
// that a process may end at any time. Any thread may use it.
class Screen {
 public:
  enum class Mode { quiet, lines, terminal, live };

  // Writes to `stream`. `extent` returns the size of the terminal at this moment.
  Screen(std::FILE* stream, Mode mode, std::function<Extent()> extent, Glyphs glyphs = {})
      : stream_(stream), mode_(mode), extent_(std::move(extent)), glyphs_(glyphs) {}
  Mode mode() const { return mode_; }
  const Glyphs& glyphs() const { return glyphs_; }

  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { erase(); }  // so that the line of a fault stands by itself

  int enter();  // returns the number of a problem that shows its progress here
  // Returns the columns and rows that the lines of this problem may fill.
  Extent room_of(int problem);
  // On a terminal: shows these lines of the problem from now on. Lines that are too long and lines
  // beyond its rows are cut. No lines take a problem off the screen.
  void rewrite(int problem, std::vector<ScreenLine> lines);
  // Prints a whole line.
  void print(std::string_view line);
  // Removes the rewritten lines while `output` is called, which writes elsewhere.
  void make_way(const std::function<void()>& output);

 private:
  using Shown = std::pair<int, std::vector<ScreenLine>>;  // a problem and its lines
  int rows_for_each(std::size_t problems) const;
  std::vector<ScreenLine> block(int columns) const;
  std::string to_start(int columns) const;
  void erase();

  std::FILE* stream_;
  Mode mode_;
  std::function<Extent()> extent_;
  Glyphs glyphs_;
  std::mutex mutex_;
  int entered_ = 0;
  std::vector<Shown> shown_;
  std::vector<int> drawn_;  // the columns of each line that stands on the terminal
};

}  // namespace tw
