#include "session/timings_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

// Returns the mean number of workers at work; 0 if the phase took no time.
double mean_of(double worker_seconds, const TimeSpent& spent) {
  return spent.seconds > 0 ? worker_seconds / spent.seconds : 0;
}

// The device is not there yet while a session is prepared.
std::string busy_text(Phase phase, double mean, int workers) {
  return workers > 0 && phase != Phase::prepare ? fmt::format("{:.1f} of {}", mean, workers) : "";
}

// A shorter phase is left out of the table.
constexpr double least_s = 0.005;

std::string seconds_text(double seconds) { return fmt::format("{:.2f} s", seconds); }

}  // namespace

std::string timings_text(const SessionResult& result) {
  double all_s = 0;
  for (const PhaseTime& one : result.timings) all_s += one.spent.seconds;
  Table table({{"phase"},
               {"took", Table::Align::right},
               {"share", Table::Align::right},
               {"waited for GPUs", Table::Align::right},
               {"for compilers", Table::Align::right},
               {"tune itself", Table::Align::right},
               {"busy compilers", Table::Align::right},
               {"busy GPUs", Table::Align::right}});
  for (const auto& [phase, spent] : result.timings) {
    if (spent.seconds < least_s) continue;
    const double own_s = spent.seconds - spent.awaiting_measurers_s - spent.awaiting_compilers_s;
    table.add({std::string(name_of(phase)), seconds_text(spent.seconds),
               fmt::format("{:.0f} %", all_s > 0 ? 100 * spent.seconds / all_s : 0),
               seconds_text(spent.awaiting_measurers_s), seconds_text(spent.awaiting_compilers_s),
               seconds_text(own_s),
               busy_text(phase, mean_of(spent.compiling_s, spent), result.workers.compilers),
               busy_text(phase, mean_of(spent.measuring_s, spent), result.workers.measurers)});
  }
  return table.text();
}

nlohmann::ordered_json timings_json(const SessionResult& result) {
  auto phases = nlohmann::ordered_json::array();
  for (const auto& [phase, spent] : result.timings) {
    phases.push_back(
        {{"phase", name_of(phase)},
         {"seconds", spent.seconds},
         {"awaiting_gpus_s", spent.awaiting_measurers_s},
         {"awaiting_compilers_s", spent.awaiting_compilers_s},
         {"compilers_busy", known(result.workers.compilers > 0, mean_of(spent.compiling_s, spent))},
         {"gpus_busy", known(result.workers.measurers > 0, mean_of(spent.measuring_s, spent))}});
  }
  return phases;
}

}  // namespace tw
