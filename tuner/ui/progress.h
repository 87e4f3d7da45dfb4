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

class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  enum class Mode { quiet, lines, terminal };

  // Writes to `stream`. `width` is the terminal's width in bytes.
  Progress(std::FILE* stream, Mode mode, int width, Clock clock);
  // Returns the progress on stderr, in the mode that fits: terminal or not.
  static Progress on_stderr(bool quiet);

  void update(const Status& status);
  void note(std::string_view line);  // prints a separate whole line
  void clear();                      // removes the rewritten line before other output

 private:
  std::FILE* stream_;
  Mode mode_;
  int width_;
  Clock clock_;
  std::chrono::steady_clock::time_point last_{};
  double last_best_ = 0;
  bool open_ = false;
};

}  // namespace tw
