// The progress of a running search: one line that is rewritten in place on a terminal, or a plain
// line now and then elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace tw {

struct Status {
  std::string what;           // "simt", "final of 10"
  std::int64_t done = 0;      // new evaluations so far
  std::int64_t budget = 0;    // the budget of new evaluations; 0 for a time budget
  std::int64_t failed = 0;    // failed evaluations of `done`
  double elapsed_s = 0;       // since the start of the search
  double budget_s = 0;        // 0 for a budget of evaluations
  double best = 0;            // the least value of the objective; 0 if there is none yet
  std::string best_text;      // with its unit
  std::string configuration;  // the best configuration
};

// Returns "simt 120/200, 14.2/s, best 2.683 ms (bm128 bn128), 3 failed, 6 s left".
std::string progress_line(const Status& status);

// The place of a problem in a list of problems that are tuned one after the other.
struct ListPlace {
  std::int64_t number = 0;  // "3" in "3 of 30"
  std::int64_t count = 0;   // "30"; 0 or 1: there is no list
  std::int64_t later = 0;   // problems of the list that come after this one
  double each_s = 0;        // mean time of the problems that were searched so far; 0 if unknown
};

// Returns the time until the list ends. The problem has taken `elapsed_s` so far, and its search
// takes `left_s` more (negative if unknown). The result is negative if nothing is known yet.
double list_seconds_left(const ListPlace& place, double elapsed_s, double left_s);
// Returns "3 of 30 (1 h 12 m left): ", without the time if `left_s` is negative. Returns nothing if
// there is no list.
std::string place_text(const ListPlace& place, double left_s);

// Measures how long the problems of a list take.
class ListPace {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  ListPace(std::size_t count, Clock clock);

  // Starts the problem of this number (from 1), and returns its place.
  ListPlace begin(std::size_t number);
  // Ends the problem that was started last. `is_typical`: something new was measured, so that the
  // problems to come may take as long.
  void end(bool is_typical);
  double elapsed_s() const;  // since the list was started

 private:
  Clock clock_;
  std::chrono::steady_clock::time_point start_, problem_start_;
  std::int64_t count_ = 0, ended_ = 0, typical_ = 0;
  double typical_s_ = 0;  // the sum of the times of typical problems
};

class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  enum class Mode { quiet, lines, terminal };

  // Writes to `stream`. `width` is the terminal's width in bytes.
  Progress(std::FILE* stream, Mode mode, int width, Clock clock);
  // Returns the progress on stderr, in the mode that fits: terminal or not.
  static Progress on_stderr(bool quiet);

  // Says from now on which problem of a list is under way. The problem starts now.
  void in_list(const ListPlace& place);
  void update(const Status& status);
  void note(std::string_view line);      // prints a separate whole line
  void headline(std::string_view line);  // prints a line that begins with the place in the list
  void clear();                          // removes the rewritten line before other output

 private:
  std::string list_text(double left_s) const;

  std::FILE* stream_;
  Mode mode_;
  int width_;
  Clock clock_;
  std::chrono::steady_clock::time_point last_{};
  std::chrono::steady_clock::time_point problem_start_{};
  ListPlace place_;
  double last_best_ = 0;
  bool open_ = false;
};

}  // namespace tw
