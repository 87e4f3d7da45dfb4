#include "ui/progress/status.h"

#include <fmt/format.h>

#include <algorithm>

#include "ui/format.h"

namespace tw {

double seconds_left(const Status& status) {
  if (status.budget_s > 0) return std::max(0.0, status.budget_s - status.elapsed_s);
  if (status.done == 0 || status.budget == 0) return -1;
  const double each = status.elapsed_s / static_cast<double>(status.done);
  return each * static_cast<double>(std::max<std::int64_t>(0, status.budget - status.done));
}

std::string progress_line(const Status& status) {
  std::string line = status.what;
  if (status.done > 0 || status.budget > 0) line += fmt::format(" {}", status.done);
  if (status.budget > 0) line += fmt::format("/{}", status.budget);
  if (status.elapsed_s > 0 && status.done > 0) {
    const double rate = static_cast<double>(status.done) / status.elapsed_s;
    line += fmt::format(", {}/s", format_significant(rate, 3));
  }
  if (status.best > 0) {
    line += fmt::format(", best {} ({})", status.best_text, abbreviate(status.configuration));
  }
  if (status.failed > 0) line += fmt::format(", {} failed", status.failed);
  const double left = seconds_left(status);
  if (left >= 0) line += fmt::format(", {} left", format_duration(left));
  return line;
}

}  // namespace tw
