// The progress of running searches: one line that is rewritten in place on a terminal, or a plain
// line now and then elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// The place of a problem in a list of problems.
struct ListPlace {
  std::int64_t number = 0;    // "3" in "3 of 30"
  std::int64_t count = 0;     // "30"; 0 or 1: there is no list
  std::int64_t later = 0;     // problems of the list that have not begun
  double each_s = 0;          // mean time of the problems that were searched so far; 0 if unknown
  std::int64_t together = 1;  // problems that are tuned at the same time
  std::chrono::steady_clock::time_point began{};
};

// Returns the time until the list ends. The problem has taken `elapsed_s` so far, and its search
// takes `left_s` more (negative if unknown). The result is negative if nothing is known yet.
double list_seconds_left(const ListPlace& place, double elapsed_s, double left_s);
// Returns "3 of 30 (1 h 12 m left): ", without the time if `left_s` is negative. Returns nothing if
// there is no list.
std::string place_text(const ListPlace& place, double left_s);

// Measures how long the problems of a list take. Any thread may use it.
class ListPace {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // `together`: the number of problems that are tuned at the same time.
  ListPace(std::size_t count, Clock clock, std::size_t together = 1);

  // Starts the problem of this number (from 1), and returns its place.
  ListPlace begin(std::size_t number);
  // Ends a problem. `is_typical`: something new was measured, so that the problems to come may take
  // as long.
  void end(const ListPlace& place, bool is_typical);
  // Takes a problem back that did not end: it begins again later.
  void put_off();
  double elapsed_s() const;  // since the list was started

 private:
  Clock clock_;
  std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::int64_t count_ = 0, together_ = 1, begun_ = 0, typical_ = 0;
  double typical_s_ = 0;  // the sum of the times of typical problems
};

// The terminal or file on which the progress of one or more problems is seen. Any thread may use
// it.
class Screen {
 public:
  enum class Mode { quiet, lines, terminal };

  // Writes to `stream`. `width` is the terminal's width in bytes.
  Screen(std::FILE* stream, Mode mode, int width) : stream_(stream), mode_(mode), width_(width) {}
  Mode mode() const { return mode_; }

  int enter();  // returns the number of a problem that shows its progress here
  // On a terminal: the rewritten line has the texts of all problems side by side. An empty text
  // takes a problem out of it.
  void rewrite(int problem, std::string text);
  // Prints a whole line.
  void print(std::string_view line);
  // Removes the rewritten line while `output` is called, which writes elsewhere.
  void make_way(const std::function<void()>& output);

 private:
  void erase();

  std::FILE* stream_;
  Mode mode_;
  int width_;
  std::mutex mutex_;
  int entered_ = 0;
  bool open_ = false;
  std::vector<std::pair<int, std::string>> texts_;  // of the problems in the rewritten line
};

// The progress of one problem.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  using Mode = Screen::Mode;

  Progress(std::shared_ptr<Screen> screen, Clock clock);
  // Has a screen of its own.
  Progress(std::FILE* stream, Mode mode, int width, Clock clock)
      : Progress(std::make_shared<Screen>(stream, mode, width), std::move(clock)) {}
  // Returns the progress on stderr, in the mode that fits: terminal or not.
  static Progress on_stderr(bool quiet);
  // Returns the progress of another problem on the same screen.
  Progress beside() const { return Progress(screen_, clock_); }
  Screen& screen() const { return *screen_; }

  // Says from now on which problem of a list is under way. The problem starts now.
  void in_list(const ListPlace& place);
  void update(const Status& status);
  // Prints a separate whole line. If several problems are tuned at the same time, it begins with
  // the place in the list.
  void note(std::string_view line);
  void headline(std::string_view line);  // prints a line that begins with the place in the list
  void clear();                          // removes the rewritten text before other output

 private:
  std::string list_text(double left_s) const;

  std::shared_ptr<Screen> screen_;
  Clock clock_;
  int number_;  // on the screen
  std::chrono::steady_clock::time_point last_{};
  std::chrono::steady_clock::time_point problem_start_{};
  ListPlace place_;
  double last_best_ = 0;
};

}  // namespace tw
