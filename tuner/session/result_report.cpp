#include "session/result_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/statistics.h"
#include "search/race.h"
#include "session/setup/device_text.h"
#include "session/timings_report.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// Returns the half-width of the energy's interval relative to it; negative if unknown.
double relative_energy_interval(const Measurement& measurement) {
  const auto interval = energy_interval(measurement);
  return interval ? (interval->high - interval->low) / 2 / measurement.energy_mj : -1;
}

std::string percent_text(double part) {
  return part < 0 ? "" : fmt::format("{:.1f} %", part * 100);
}

// Returns the value of the best baseline by the objective; 0 if there is none.
double baseline_value(const Report& report) {
  double best = 0;
  for (const auto& [library, measurement] : report.result.baselines) {
    const double value = value_of(report.setup.request.objective, measurement);
    if (std::isfinite(value) && (best == 0 || value < best)) best = value;
  }
  return best;
}

// Returns the roofline; 0 if it is unknown, or says nothing about the objective.
double roof_ns_of(const SessionRequest& request) {
  return request.objective == Objective::time ? request.roof_ns : 0;
}

// The work of a call: FLOPs if it computes, bytes if it moves data.
struct Work {
  double amount = 0;
  std::string unit;
};
Work work_of(const Setup& setup) {
  if (setup.flops >= setup.bytes) return {setup.flops, "FLOP/s"};
  return {setup.bytes, "B/s"};
}

std::string rate_text(const Setup& setup, double median_ns) {
  const Work work = work_of(setup);
  return work.amount > 0 ? format_rate(work.amount / (median_ns * 1e-9), work.unit) : "";
}

std::string outcomes_text(const SessionResult& result) {
  std::vector<std::string> parts;
  for (const auto& [outcome, count] : result.outcomes) {
    parts.push_back(fmt::format("{} {}", format_count(count), name_of(outcome)));
  }
  return parts.empty() ? "none" : fmt::to_string(fmt::join(parts, ", "));
}

std::string spaces_text(const Setup& setup) {
  std::vector<std::string> parts;
  for (const Competitor& one : setup.request.competitors) {
    parts.push_back(
        fmt::format("{} {}", one.name, format_count(static_cast<std::int64_t>(one.space.size()))));
  }
  return fmt::format("{} valid configurations", fmt::join(parts, ", "));
}

// Returns the knobs in which a row differs from the fastest one; all knobs if it is of another
// kernel.
std::string difference(const Ranked& row, const Ranked& fastest) {
  return row.kernel == fastest.kernel ? tw::difference(row.configuration, fastest.configuration)
                                      : row.configuration;
}

std::string why_nothing(const SessionResult& result) {
  if (result.outcomes.empty()) return "nothing was evaluated\n";
  std::string text = result.all_finalists_failed
                         ? "all finalists failed in the race, so that nothing wins: tune again to "
                           "race the next ones\n"
                         : "no configuration worked\n";
  for (const auto& [outcome, note] : result.notes) {
    text += fmt::format("  {}: {}\n", name_of(outcome), note);
  }
  if (result.evaluated == 0 && !result.all_finalists_failed) {
    text += "all of this was known before, so nothing was run: --fresh tries again\n";
  }
  return text;
}

std::string mark_of(const Ranked& row) {
  std::string mark = row.tied ? "=" : "";
  if (row.is_default) mark += 'd';
  if (!row.raced) mark += '~';
  return mark;
}

// Returns the meaning of the marks that occur.
std::string legend_of(const std::string& marks, Objective objective) {
  const std::pair<char, const char*> meanings[] = {
      {'=', objective == Objective::time ? "tied with the fastest" : "tied with the best"},
      {'d', "the default"},
      {'~', "not raced"},
      {'b', "baseline"}};
  std::string legend;
  for (const auto& [mark, meaning] : meanings) {
    if (marks.find(mark) == std::string::npos) continue;
    legend += fmt::format("{}{} {}", legend.empty() ? "" : ", ", mark, meaning);
  }
  return legend.empty() ? "" : legend + "\n";
}

std::string oracle_text(const Setup& setup, const SessionResult& result) {
  const SessionRequest& request = setup.request;
  if (!setup.compares) return "none: the op says that its results are not compared";
  if (!request.oracle) {
    return result.interrupted && result.outcomes.empty()
               ? "not chosen yet: the op has no reference"
               : "none: the op has no reference, and no configuration works";
  }
  if (request.oracle->is_default) {
    const std::string& remark = request.oracle->remark;
    return "the default configuration: the op has no reference" +
           (remark.empty() ? "" : "; " + remark);
  }
  return fmt::format("{}, since the op has no reference and the default does not work: {}",
                     request.oracle->name(), request.oracle->default_fault);
}

std::string oracle_word(const Setup& setup) {
  if (!setup.compares) return "none";
  if (setup.has_reference) return "reference";
  if (!setup.request.oracle) return "none";
  return setup.request.oracle->is_default ? "default" : setup.request.oracle->name();
}

// Returns the title of the first row's line, as wide as other titles.
const char* word_of_best(const SessionRequest& request) {
  return request.objective == Objective::time ? "fastest" : "best   ";
}

// Returns one line for each kernel whose search began with trials of another problem or device.
std::string learned_text(const SessionResult& result, const SessionRequest& request) {
  std::string text;
  for (const Learned& from : result.learned) {
    text += fmt::format("learned  {}: from {} trials of {} on {}\n", from.kernel,
                        format_count(static_cast<std::int64_t>(from.trials)),
                        from.problem == request.problem_key
                            ? from.problem + " under other circumstances"
                            : from.problem,
                        from.device);
  }
  return text;
}

std::string header(const Report& report) {
  const SessionResult& result = report.result;
  const SessionRequest& request = report.setup.request;
  std::string text = fmt::format("problem  {}\n", request.problem_key);
  text += fmt::format("device   {}\n", describe(report.device, report.recordings));
  if (!report.why.empty()) text += fmt::format("         chosen: {}\n", report.why);
  text += fmt::format("space    {}\n", spaces_text(report.setup));
  text += fmt::format("trials   {} new, {} known: {}\n", format_count(result.evaluated),
                      format_count(result.known), outcomes_text(result));
  const char* end = result.interrupted ? ", interrupted" : result.exhausted ? ", whole space" : "";
  if (request.objective != Objective::time) {
    text += fmt::format("minimise {}: of launches in a row, by the energy of the whole GPU\n",
                        name_of(request.objective));
  }
  text += fmt::format("search   {}, seed {}, {}{}\n", request.strategy, request.seed,
                      format_duration(result.seconds), end);
  text += learned_text(result, request);
  const std::string found = result.certificate ? text_of(*result.certificate) : "";
  if (!found.empty() && !result.ranking.empty()) {
    text += fmt::format("found    {}\n", found);
  }
  if (const double roof_ns = roof_ns_of(request); roof_ns > 0) {
    text += fmt::format("roofline {} (units at the highest clock, datasheet's bandwidth)\n",
                        format_time(roof_ns));
  }
  if (!report.setup.has_reference) {
    text += "oracle   " + oracle_text(report.setup, result) + "\n";
  }
  if (!result.ranking.empty()) {
    const Ranked& fastest = result.ranking.front();
    text +=
        fmt::format("{}  {}: {}\n", word_of_best(request), fastest.kernel, fastest.configuration);
  }
  return text + "\n";
}

class Rows {
 public:
  explicit Rows(const Report& report)
      : setup_(report.setup),
        baseline_(baseline_value(report)),
        table_({{"rank", Table::Align::right},
                {""},
                {"kernel"},
                {"median", Table::Align::right},
                {"+-", Table::Align::right},
                {"energy", Table::Align::right},
                {"+-", Table::Align::right},
                {"power", Table::Align::right},
                {"rate", Table::Align::right},
                {"% roof", Table::Align::right},
                {"x baseline", Table::Align::right},
                {report.setup.request.objective == Objective::time ? "slower by" : "worse by",
                 Table::Align::right},
                {"where it differs"}}) {}

  void add(const std::string& rank, const std::string& mark, const std::string& kernel,
           const Measurement& measurement, const std::optional<Interval>& slower,
           const std::string& configuration) {
    const double median_ns = measurement.median_ns();
    const double roof_ns = roof_ns_of(setup_.request);
    const double over = baseline_ / value_of(setup_.request.objective, measurement);
    table_.add({rank, mark, kernel, format_time(median_ns), interval_text(measurement),
                format_energy(measurement.energy_mj),
                percent_text(relative_energy_interval(measurement)),
                format_power(measurement.mean_power_w), rate_text(setup_, median_ns),
                roof_ns > 0 ? format_significant(roof_ns / median_ns * 100, 3) : "",
                over > 0 ? fmt::format("{:.2f}", over) : "",
                slower ? format_slower(slower->low, slower->high) : "", configuration});
  }
  std::string text() const { return table_.text(); }

 private:
  const Setup& setup_;
  double baseline_;  // by the objective; 0: none
  Table table_;
};

ordered_json row_json(const Report& report, const Ranked& row, std::size_t rank) {
  const Setup& setup = report.setup;
  const Measurement& measurement = row.measurement;
  const Interval interval = median_interval(measurement.samples_ns);
  const double seconds = row.median_ns * 1e-9;
  const double over = baseline_value(report) / value_of(setup.request.objective, row.measurement);
  const double roof_ns = roof_ns_of(setup.request);
  const auto energies = energy_interval(measurement);
  ordered_json object{
      {"rank", rank},
      {"kernel", row.kernel},
      {"configuration", row.configuration},
      {"median_ns", row.median_ns},
      {"interval_ns",
       known(measurement.samples_ns.size() > 1, ordered_json({interval.low, interval.high}))},
      {"samples", measurement.samples_ns.size()},
      {"flops_per_s", known(setup.flops > 0, setup.flops / seconds)},
      {"bytes_per_s", known(setup.bytes > 0, setup.bytes / seconds)},
      {"of_roofline", known(roof_ns > 0, roof_ns / row.median_ns)},
      {"over_baseline", known(over > 0, over)},
      {"raced", row.raced},
      {"tied", row.tied},
      {"default", row.is_default},
      {"slower", row.slower ? ordered_json({row.slower->low, row.slower->high}) : ordered_json()}};
  add_resources(measurement, object);
  object["error_ulps"] = known(measurement.error_ulps >= 0, measurement.error_ulps);
  object["timer"] = measurement.timer;
  const bool has_energy = measurement.energy_mj > 0;
  object["energy_mj"] = known(has_energy, measurement.energy_mj);
  object["energy_interval_mj"] =
      energies ? ordered_json({energies->low, energies->high}) : ordered_json();
  object["mean_power_w"] = known(has_energy, measurement.mean_power_w);
  return object;
}

}  // namespace

std::string interval_text(const Measurement& measurement) {
  if (measurement.samples_ns.size() < 2) return "";
  const Interval interval = median_interval(measurement.samples_ns);
  const double half = (interval.high - interval.low) / 2 / measurement.median_ns();
  return fmt::format("{:.1f} %", half * 100);
}

std::optional<FastestBaseline> fastest_baseline(const SessionResult& result) {
  std::optional<FastestBaseline> fastest;
  for (const auto& [library, measurement] : result.baselines) {
    const double median_ns = measurement.median_ns();
    if (!fastest || median_ns < fastest->median_ns) fastest = {library, median_ns};
  }
  return fastest;
}

std::string result_text(const Report& report, std::int64_t top) {
  const SessionResult& result = report.result;
  std::string text = header(report);
  if (result.ranking.empty()) return text + why_nothing(result);
  Rows rows(report);
  std::string marks;
  for (std::size_t i = 0; i < result.ranking.size(); ++i) {
    const Ranked& row = result.ranking[i];
    if (static_cast<std::int64_t>(i) >= top && !row.is_default) continue;
    const std::string mark = mark_of(row);
    marks += mark;
    rows.add(std::to_string(i + 1), mark, row.kernel, row.measurement, row.slower,
             difference(row, result.ranking.front()));
  }
  for (const auto& [library, measurement] : result.baselines) {
    rows.add("", "b", library, measurement, {}, "");
  }
  if (!result.baselines.empty()) marks += "b";
  return text + rows.text() + legend_of(marks, report.setup.request.objective);
}

ordered_json result_json(const Report& report, std::int64_t top) {
  const SessionResult& result = report.result;
  const SessionRequest& request = report.setup.request;
  ordered_json object{{"op", request.situation.op},
                      {"problem", request.problem_key},
                      {"device", device_object(report.device)},
                      {"source", name_of(request.situation.source)},
                      {"recordings", report.recordings},
                      {"chosen", report.why},
                      {"l2", name_of(request.situation.l2)},
                      {"objective", name_of(request.objective)},
                      {"strategy", request.strategy},
                      {"seed", request.seed},
                      {"space_size", result.space_size},
                      {"evaluated", result.evaluated},
                      {"known", result.known},
                      {"outcomes", ordered_json::object()},
                      {"oracle", oracle_word(report.setup)},
                      {"seconds", result.seconds},
                      {"timings", timings_json(result)},
                      {"interrupted", result.interrupted},
                      {"exhausted", result.exhausted},
                      {"flops", known(report.setup.flops > 0, report.setup.flops)},
                      {"bytes", known(report.setup.bytes > 0, report.setup.bytes)},
                      {"roofline_ns", known(roof_ns_of(request) > 0, request.roof_ns)},
                      {"baselines", ordered_json::object()},
                      {"baseline_energies_mj", ordered_json::object()},
                      {"learned", ordered_json::array()},
                      {"ranking", ordered_json::array()}};
  for (const Learned& from : result.learned) {
    object["learned"].push_back({{"kernel", from.kernel},
                                 {"problem", from.problem},
                                 {"device", from.device},
                                 {"trials", from.trials}});
  }
  if (result.certificate) {
    object["certificate"] = {{"confidence", result.certificate->confidence},
                             {"within", result.certificate->ratio - 1}};
  }
  for (const auto& [outcome, count] : result.outcomes) {
    object["outcomes"][std::string(name_of(outcome))] = count;
  }
  for (const auto& [library, measurement] : result.baselines) {
    object["baselines"][library] = measurement.median_ns();
    if (measurement.energy_mj > 0) {
      object["baseline_energies_mj"][library] = measurement.energy_mj;
    }
  }
  for (std::size_t i = 0; i < result.ranking.size(); ++i) {
    if (static_cast<std::int64_t>(i) >= top && !result.ranking[i].is_default) continue;
    object["ranking"].push_back(row_json(report, result.ranking[i], i + 1));
  }
  return object;
}

}  // namespace tw
