// What a search shows while it runs: one line rewritten in place on a terminal, else a plain line
// now and then.
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
  std::int64_t done = 0;      // new evaluations
  std::int64_t budget = 0;    // of them; 0: a time budget
  std::int64_t failed = 0;    // of done
  double elapsed_s = 0;       // since the search began
  double budget_s = 0;        // 0: a budget of evaluations
  double best_ns = 0;         // 0: none yet
  std::string configuration;  // the best's
};

// "simt 120/200, 14.2/s, best 2.683 ms (bm128 bn128), 3 failed, 6 s left"
std::string progress_line(const Status& status);

class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  enum class Mode { quiet, lines, terminal };

  // Writes to `stream`; `width` is the terminal's (bytes a line).
  Progress(std::FILE* stream, Mode mode, int width, Clock clock);
  // stderr as it is: a terminal or not.
  static Progress on_stderr(bool quiet);

  void update(const Status& status);
  void note(std::string_view line);  // a whole line of its own
  void clear();                      // removes the line that is rewritten, before other output

 private:
  std::FILE* stream_;
  Mode mode_;
  int width_;
  Clock clock_;
  std::chrono::steady_clock::time_point last_{};
  double last_best_ns_ = 0;
  bool open_ = false;
};

}  // namespace tw
