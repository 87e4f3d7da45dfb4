#include "session/list_gain.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

bool has_calls(const ListReport& report) {
  return std::any_of(report.entries.begin(), report.entries.end(),
                     [](const ListEntry& entry) { return entry.count > 0; });
}

// Returns a time that may be negative.
std::string signed_time(double ns) {
  return ns < 0 ? "-" + format_time(-ns) : ns > 0 ? format_time(ns) : "0";
}

std::string problems_text(std::size_t count) {
  return fmt::format("{} problem{}", count, count == 1 ? "" : "s");
}

// Returns the line below the table.
std::string sum_of(const ListGain& gain) {
  std::string text = "unknown: no problem has a winner and a library's time";
  if (gain.library_ns > 0) {
    text = fmt::format("in all {} of {} in libraries ({:.1f} %)", signed_time(gain.gain_ns),
                       format_time(gain.library_ns), 100 * gain.gain_ns / gain.library_ns);
  }
  if (gain.library_stays > 0) {
    text += fmt::format("; {} where the library stays, because it is faster",
                        problems_text(gain.library_stays));
  }
  if (gain.not_compared > 0) {
    text += fmt::format("; not compared: {} with {} calls", problems_text(gain.not_compared),
                        format_count(gain.calls_not_compared));
  }
  return text + "\n";
}

}  // namespace

ListGain gain_of(const ListReport& report) {
  ListGain gain;
  for (const ListEntry& entry : report.entries) {
    if (entry.count == 0) continue;
    if (!entry.winner || !entry.baseline) {
      ++gain.not_compared;
      gain.calls_not_compared += entry.count;
      continue;
    }
    const auto calls = static_cast<double>(entry.count);
    const double library_ns = calls * entry.baseline->median_ns;
    const double gain_ns = library_ns - calls * entry.winner->median_ns;
    gain.problems.push_back({&entry, gain_ns, library_ns});
    gain.library_ns += library_ns;
    gain.gain_ns += std::max(gain_ns, 0.0);
    if (gain_ns < 0) ++gain.library_stays;
  }
  std::stable_sort(
      gain.problems.begin(), gain.problems.end(),
      [](const ProblemGain& one, const ProblemGain& other) { return one.gain_ns > other.gain_ns; });
  return gain;
}

std::string gain_text(const ListReport& report) {
  if (!has_calls(report)) return "";
  const ListGain gain = gain_of(report);
  Table table({{"gain", Table::Align::right},
               {"calls", Table::Align::right},
               {"library"},
               {"its time", Table::Align::right},
               {"ours", Table::Align::right},
               {"problem"}});
  for (const ProblemGain& one : gain.problems) {
    const ListEntry& entry = *one.entry;
    table.add({signed_time(one.gain_ns), format_count(entry.count), entry.baseline->library,
               format_time(entry.baseline->median_ns), format_time(entry.winner->median_ns),
               entry.problem});
  }
  return fmt::format("\nwhat the program would gain: calls x (the library's time - ours)\n{}{}",
                     table.empty() ? "" : table.text(), sum_of(gain));
}

ordered_json gain_json(const ListReport& report) {
  if (!has_calls(report)) return nullptr;
  const ListGain gain = gain_of(report);
  ordered_json problems = ordered_json::array();
  for (const ProblemGain& one : gain.problems) {
    problems.push_back({{"problem", one.entry->problem},
                        {"count", one.entry->count},
                        {"gain_ns", one.gain_ns},
                        {"baseline_ns", one.entry->baseline->median_ns},
                        {"median_ns", one.entry->winner->median_ns}});
  }
  return {{"gain_ns", gain.gain_ns},
          {"baseline_ns", gain.library_ns},
          {"library_stays", gain.library_stays},
          {"not_compared", gain.not_compared},
          {"calls_not_compared", gain.calls_not_compared},
          {"problems", std::move(problems)}};
}

}  // namespace tw
