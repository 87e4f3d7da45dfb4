#include "ui/progress/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "ui/format.h"
#include "ui/progress/staircase.h"

namespace tw {
namespace {

constexpr int plot_rows_most = 8, plot_rows_least = 2;
constexpr int plot_columns_most = 96, plot_columns_least = 16;
constexpr int other_rows = 5;  // beside the plot: progress, best, axis, outcomes, busy shares
constexpr int bar_columns = 10;
constexpr double smoothing_s = 5;

bool is_of_search(const Status& status) { return status.done > 0 || status.budget > 0; }

double share(int part, int whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string outcomes_text(const std::map<Outcome, std::int64_t>& outcomes) {
  std::string text;
  for (const auto& [outcome, count] : outcomes) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format_count(count), name_of(outcome));
  }
  return text;
}

}  // namespace

void LiveView::restart(Time now) {
  *this = LiveView();
  last_ = now;
}

void LiveView::remember(const Status& status, Time now) {
  const double passed_s = std::chrono::duration<double>(now - last_).count();
  const double weight = 1 - std::exp(-passed_s / smoothing_s);
  const Activity& activity = status.activity;
  compiling_ += weight * (share(activity.compiling, activity.compilers) - compiling_);
  measuring_ += weight * (share(activity.measuring, activity.measurers) - measuring_);
  last_ = now;
  status_ = status;
  if (!is_of_search(status)) return;
  search_ = status;
  if (status.best > 0 && (bests_.empty() || status.best < bests_.back().value)) {
    bests_.push_back(
        {static_cast<double>(status.done), status.elapsed_s, status.best, status.best_text});
  }
}

// Returns the end of the horizontal axis: the budget, or how far the search is if it has none.
double LiveView::axis_end() const {
  if (search_.budget > 0) return static_cast<double>(search_.budget);
  return search_.budget_s > 0 ? search_.budget_s : static_cast<double>(search_.done);
}

// Returns the place on the horizontal axis, in 0..1.
double LiveView::axis_place(double done, double elapsed_s) const {
  const bool is_time = search_.budget == 0 && search_.budget_s > 0;
  return axis_end() > 0 ? (is_time ? elapsed_s : done) / axis_end() : 0;
}

std::string LiveView::axis_text() const {
  if (search_.budget == 0 && search_.budget_s > 0) return format_duration(search_.budget_s);
  return fmt::format("{:.0f} evaluations", axis_end());
}

// Adds the best value over the search, on a logarithmic scale.
void LiveView::add_plot(std::vector<ScreenLine>& lines, Extent room, bool utf8) const {
  if (bests_.empty()) return;
  const Best &first = bests_.front(), &best = bests_.back();
  const auto label_width = static_cast<int>(std::max(width_of(first.text), width_of(best.text)));
  const int rows = std::min(plot_rows_most, room.rows - other_rows);
  const int columns = std::min(plot_columns_most, room.columns - label_width - 2);
  if (rows < plot_rows_least || columns < plot_columns_least) return;
  std::vector<Step> steps;
  const double range = std::log(first.value / best.value);
  for (const Best& one : bests_) {
    steps.push_back({axis_place(one.done, one.elapsed_s),
                     range > 0 ? std::log(one.value / best.value) / range : 0});
  }
  const double end = axis_place(static_cast<double>(search_.done), search_.elapsed_s);
  const std::vector<std::string> drawn = staircase(steps, end, columns, rows, utf8);
  for (std::size_t row = 0; row < drawn.size(); ++row) {
    const bool is_top = row == 0 && range > 0, is_bottom = row + 1 == drawn.size();
    const std::string label = is_top ? first.text : is_bottom ? best.text : std::string();
    lines.push_back(
        {fmt::format("{:>{}} {}{}", label, label_width, utf8 ? "\u2502" : "|", drawn[row])});
  }
  const std::string end_text = axis_text();
  const bool has_start = static_cast<int>(width_of(end_text)) + 2 <= columns;
  lines.push_back({fmt::format("{:>{}}  {}{:>{}}", "", label_width, has_start ? "0" : " ", end_text,
                               columns - 1),
                   Tone::dim});
}

std::string LiveView::busy_text(bool utf8) const {
  const Activity& activity = status_.activity;
  std::string text;
  const auto add = [&](std::string_view what, double busy, int count) {
    if (count == 0) return;
    text += fmt::format("{}{} {} {:3.0f} %{}", text.empty() ? "" : "   ", what,
                        bar(busy, bar_columns, utf8), 100 * busy,
                        count > 1 ? fmt::format(" of {}", count) : "");
  };
  add("compiling", compiling_, activity.compilers);
  add("measuring", measuring_, activity.measurers);
  return text;
}

std::vector<ScreenLine> LiveView::lines(const std::string& place, Extent room, bool utf8) const {
  if (room.rows < other_rows) return {{place + progress_line(status_), Tone::strong}};
  Status without_best = status_;
  without_best.best = 0;
  std::vector<ScreenLine> lines{{place + progress_line(without_best), Tone::strong}};
  if (status_.best > 0) {
    lines.push_back({fmt::format("best {}  {}", status_.best_text, status_.configuration)});
  }
  add_plot(lines, room, utf8);
  if (!status_.outcomes.empty()) lines.push_back({outcomes_text(status_.outcomes), Tone::dim});
  if (const std::string busy = busy_text(utf8); !busy.empty()) lines.push_back({busy, Tone::dim});
  return lines;
}

}  // namespace tw
