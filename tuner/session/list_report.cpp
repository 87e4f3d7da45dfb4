#include "session/list_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/statistics.h"
#include "session/list_gain.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// In the order of ListState.
constexpr std::array<std::string_view, 5> state_names{"found", "no winner", "failed", "interrupted",
                                                      "not started"};

// Returns the speedup over the fastest library; nothing if there is no winner or no library.
std::optional<double> over_baseline(const ListEntry& entry) {
  if (!entry.winner || !entry.baseline) return std::nullopt;
  return entry.baseline->median_ns / entry.winner->median_ns;
}

std::vector<double> speedups_of(const ListReport& report) {
  std::vector<double> speedups;
  for (const ListEntry& entry : report.entries) {
    if (const auto speedup = over_baseline(entry)) speedups.push_back(*speedup);
  }
  return speedups;
}

// Returns why the session has no winner: the most frequent outcome, with its first note.
std::string why_none(const SessionResult& result) {
  if (result.all_finalists_failed) return "all finalists failed in the race";
  const auto most = std::max_element(
      result.outcomes.begin(), result.outcomes.end(),
      [](const auto& one, const auto& other) { return one.second < other.second; });
  if (most == result.outcomes.end()) return "nothing was evaluated";
  const auto note = result.notes.find(most->first);
  return note == result.notes.end() || note->second.empty()
             ? std::string(name_of(most->first))
             : fmt::format("{}: {}", name_of(most->first), note->second);
}

ordered_json entry_json(const ListEntry& entry) {
  ordered_json object{{"problem", entry.problem}, {"state", name_of(entry.state)}};
  const bool has_winner = entry.winner.has_value();
  const Ranked none;
  const Ranked& winner = has_winner ? *entry.winner : none;
  const Interval interval = median_interval(winner.measurement.samples_ns);
  object["kernel"] = known(has_winner, winner.kernel);
  object["configuration"] = known(has_winner, winner.configuration);
  object["median_ns"] = known(has_winner, winner.median_ns);
  object["interval_ns"] =
      known(winner.measurement.samples_ns.size() > 1, ordered_json({interval.low, interval.high}));
  const FastestBaseline baseline = entry.baseline.value_or(FastestBaseline{});
  object["baseline"] = known(entry.baseline.has_value(), baseline.library);
  object["baseline_ns"] = known(entry.baseline.has_value(), baseline.median_ns);
  const auto speedup = over_baseline(entry);
  object["over_baseline"] = known(speedup.has_value(), speedup.value_or(0));
  object["note"] = entry.note;
  object["count"] = known(entry.count > 0, entry.count);
  return object;
}

// Returns "28 of 30 problems have a winner; 1 failed, 1 not started; x baseline 1.30 ...".
std::string last_line(const ListReport& report) {
  std::string text =
      fmt::format("{} of {} problems have a winner", report.winners(), report.entries.size());
  const char* mark = "; ";
  for (const ListState state :
       {ListState::nothing, ListState::failed, ListState::interrupted, ListState::not_started}) {
    if (const std::size_t count = report.count(state)) {
      text += fmt::format("{}{} {}", std::exchange(mark, ", "), count, name_of(state));
    }
  }
  const std::vector<double> speedups = speedups_of(report);
  if (!speedups.empty()) {
    text += fmt::format("; x baseline {:.2f} in the geometric mean of {}", geometric_mean(speedups),
                        speedups.size());
  }
  return text + fmt::format("; {}\n", format_duration(report.seconds));
}

}  // namespace

std::string_view name_of(ListState state) {
  return state_names.at(static_cast<std::size_t>(state));
}

void set_result(const SessionResult& result, ListEntry& entry) {
  const bool any = !result.ranking.empty();
  entry.state = result.interrupted ? ListState::interrupted
                : any              ? ListState::found
                                   : ListState::nothing;
  if (any) entry.winner = result.ranking.front();
  entry.baseline = fastest_baseline(result);
  entry.note = any || result.interrupted ? "" : why_none(result);
}

std::size_t ListReport::count(ListState state) const {
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(),
                    [&](const ListEntry& entry) { return entry.state == state; }));
}

std::size_t ListReport::winners() const {
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(),
                    [](const ListEntry& entry) { return entry.winner.has_value(); }));
}

std::size_t ListReport::ended() const {
  return count(ListState::found) + count(ListState::nothing) + count(ListState::interrupted);
}

std::string list_text(const ListReport& report) {
  Table table({{"problem"},
               {"kernel"},
               {"median", Table::Align::right},
               {"+-", Table::Align::right},
               {"x baseline", Table::Align::right},
               {"state"},
               {"configuration"},
               {"why"}});
  for (const ListEntry& entry : report.entries) {
    const std::string state =
        entry.state == ListState::found ? "" : std::string(name_of(entry.state));
    if (!entry.winner) {
      table.add({entry.problem, "", "", "", "", state, "", entry.note});
      continue;
    }
    const Ranked& winner = *entry.winner;
    const auto speedup = over_baseline(entry);
    table.add({entry.problem, winner.kernel, format_time(winner.median_ns),
               interval_text(winner.measurement), speedup ? fmt::format("{:.2f}", *speedup) : "",
               state, abbreviate(winner.configuration), entry.note});
  }
  return table.text() + last_line(report) + gain_text(report);
}

ordered_json list_json(const ListReport& report) {
  ordered_json problems = ordered_json::array();
  for (const ListEntry& entry : report.entries) problems.push_back(entry_json(entry));
  const std::vector<double> speedups = speedups_of(report);
  return {{"total", report.entries.size()},
          {"winners", report.winners()},
          {"compared", speedups.size()},
          {"geometric_mean", known(!speedups.empty(), geometric_mean(speedups))},
          {"seconds", report.seconds},
          {"gain", gain_json(report)},
          {"problems", std::move(problems)}};
}

}  // namespace tw
