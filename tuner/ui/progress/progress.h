// The progress of running searches: one line or several that are rewritten in place on a terminal,
// or a plain line now and then elsewhere.
#pragma once
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ui/progress/list_pace.h"
#include "ui/progress/live_view.h"
#include "ui/progress/screen.h"
#include "ui/progress/status.h"

namespace tw {

// The progress of one problem.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  using Mode = Screen::Mode;
  // How much of a search is shown on a terminal.
  enum class Detail { none, line, view };

  Progress(std::shared_ptr<Screen> screen, Clock clock);
  // Has a screen of its own, which is `columns` wide.
  Progress(std::FILE* stream, Mode mode, int columns, Clock clock)
      : Progress(std::make_shared<Screen>(stream, mode,
                                          [columns] { return Extent{.columns = columns}; }),
                 std::move(clock)) {}
  // Returns the progress on stderr. If stderr is not a terminal that can move its cursor, there are
  // plain lines instead of a line or view.
  static Progress on_stderr(Detail detail);
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
  bool may_redraw();
  bool is_line_due(const Status& status);

  std::shared_ptr<Screen> screen_;
  Clock clock_;
  int number_;  // on the screen
  std::chrono::steady_clock::time_point last_{};
  std::chrono::steady_clock::time_point problem_start_{};
  ListPlace place_;
  LiveView view_;
  double last_best_ = 0;
};

}  // namespace tw
