// tune query: shows winners and trials as a table, JSON or CSV.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "commands/query_wide.h"
#include "core/base/error.h"
#include "core/base/statistics.h"
#include "core/text/nearest.h"
#include "db/store.h"
#include "options/filter_options.h"
#include "options/options.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

Filter rows_asked(const Arguments& arguments) {
  Filter filter = filter_of(arguments);
  filter.objective = objective_of(arguments);
  filter.limit = arguments.integer("limit", 0, 1, 1'000'000'000);
  if (arguments.has("outcome")) {
    filter.outcome = parse_outcome(arguments.one_of("outcome", "", outcome_names()));
  }
  return filter;
}

ordered_json trial_json(const Trial& trial) {
  const Measurement& measurement = trial.measurement;
  ordered_json row{{"id", trial.id},
                   {"run", trial.run},
                   {"created", trial.created},
                   {"kind", name_of(trial.kind)},
                   {"op", trial.context.situation.op},
                   {"problem", trial.context.situation.problem},
                   {"kernel", trial.context.code.kernel},
                   {"configuration", trial.configuration},
                   {"outcome", name_of(measurement.outcome)},
                   {"note", measurement.note},
                   {"median_ns", known(!measurement.samples_ns.empty(), measurement.median_ns())},
                   {"samples_ns", measurement.samples_ns},
                   {"compile_ms", known(measurement.compile_ms > 0, measurement.compile_ms)}};
  add_resources(measurement, row);
  const ordered_json rest{
      {"blocks_per_sm", known(measurement.blocks_per_sm > 0, measurement.blocks_per_sm)},
      {"error_ulps", known(measurement.error_ulps >= 0, measurement.error_ulps)},
      {"timer", measurement.timer},
      {"metrics", measurement.metrics},
      {"device_model", trial.context.situation.device_model},
      {"device_limits", trial.context.situation.device_limits},
      {"driver", trial.context.situation.driver},
      {"toolchain", trial.context.situation.toolchain},
      {"protocol", trial.context.situation.protocol},
      {"l2", name_of(trial.context.situation.l2)},
      {"source", name_of(trial.context.situation.source)},
      {"source_digest", trial.context.code.source_digest},
      {"verdict_digest", trial.context.code.verdict_digest},
      {"energy_mj", known(measurement.energy_mj > 0, measurement.energy_mj)},
      {"mean_power_w", known(measurement.energy_mj > 0, measurement.mean_power_w)}};
  row.update(rest);
  return row;
}

ordered_json winner_json(const Winner& winner) {
  ordered_json row = trial_json(winner.trial);
  row["raced"] = winner.raced;
  row["tied"] = winner.tied;
  row["baseline"] = known(winner.baseline_ns.has_value(), winner.baseline);
  row["baseline_ns"] = known(winner.baseline_ns.has_value(), winner.baseline_ns.value_or(0));
  row["baseline_energy_mj"] = known(winner.baseline_mj.has_value(), winner.baseline_mj.value_or(0));
  return row;
}

std::string cell_of(const ordered_json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : json_text(value, -1);
}

// Returns the rows as CSV. Scalars are written as they are, lists and maps as JSON text.
std::string csv_of(const ordered_json& rows) {
  std::vector<Table::Column> columns;
  for (const auto& [name, value] : rows.front().items()) columns.push_back({name});
  Table table(std::move(columns));
  for (const ordered_json& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [name, value] : row.items()) cells.push_back(cell_of(value));
    table.add(std::move(cells));
  }
  return table.csv();
}

// Returns rows that were widened as a table for people: the parts of the problem, what ran, and its
// time.
std::string wide_text(const ordered_json& rows, const std::vector<std::string>& parts) {
  std::vector<std::string> names{"op"};
  names.insert(names.end(), parts.begin(), parts.end());
  names.insert(names.end(), {"device_model", "source", "l2", "kernel", "outcome"});
  std::vector<Table::Column> columns;
  for (const std::string& name : names) {
    const bool is_number = rows.front().at(name).is_number();
    columns.push_back({name, is_number ? Table::Align::right : Table::Align::left});
  }
  columns.push_back({"median", Table::Align::right});
  columns.push_back({"configuration"});
  Table table(std::move(columns));
  for (const ordered_json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& name : names) cells.push_back(cell_of(row.at(name)));
    const ordered_json& median = row.at("median_ns");
    cells.push_back(median.is_null() ? "" : format_time(median.get<double>()));
    cells.push_back(cell_of(row.at("configuration")));
    table.add(std::move(cells));
  }
  return table.text();
}

// Returns the baseline's value of the objective over the winner's, with the library's name; empty
// if there is no baseline.
std::string over_baseline(const Winner& winner, Objective objective) {
  if (!winner.baseline_ns) return "";
  Measurement baseline;
  baseline.samples_ns = {*winner.baseline_ns};
  baseline.energy_mj = winner.baseline_mj.value_or(0);
  const double ratio =
      value_of(objective, baseline) / value_of(objective, winner.trial.measurement);
  return std::isfinite(ratio) ? fmt::format("{:.2f} {}", ratio, winner.baseline) : "";
}

std::string winners_text(const std::vector<Winner>& winners, Objective objective) {
  Table table({{"problem"},
               {"device"},
               {"source"},
               {"l2"},
               {"kernel"},
               {"median", Table::Align::right},
               {"energy", Table::Align::right},
               {"power", Table::Align::right},
               {"x baseline", Table::Align::right},
               {"tied", Table::Align::right},
               {"configuration"}});
  for (const Winner& winner : winners) {
    const Context& context = winner.trial.context;
    const Measurement& measurement = winner.trial.measurement;
    table.add({context.situation.problem, context.situation.device_model,
               std::string(name_of(context.situation.source)),
               std::string(name_of(context.situation.l2)), context.code.kernel,
               format_time(measurement.median_ns()), format_energy(measurement.energy_mj),
               format_power(measurement.mean_power_w), over_baseline(winner, objective),
               winner.tied.empty() ? "" : std::to_string(winner.tied.size()),
               winner.trial.configuration});
  }
  return table.text();
}

std::string trials_text(const std::vector<Trial>& trials) {
  Table table({{"id", Table::Align::right},
               {"created"},
               {"problem"},
               {"source"},
               {"kernel"},
               {"outcome"},
               {"median", Table::Align::right},
               {"configuration"},
               {"note"}});
  for (const Trial& trial : trials) {
    table.add({std::to_string(trial.id), trial.created, trial.context.situation.problem,
               std::string(name_of(trial.context.situation.source)), trial.context.code.kernel,
               std::string(name_of(trial.measurement.outcome)),
               format_time(trial.measurement.median_ns()), trial.configuration,
               trial.measurement.note});
  }
  return table.text();
}

template <class Row, class ToJson, class ToText>
int print(const std::vector<Row>& rows, const char* what, const Arguments& arguments,
          const ToJson& to_json, const ToText& to_text) {
  ordered_json list = ordered_json::array();
  const bool is_wide = arguments.has("wide");
  if (is_wide || arguments.has("json") || arguments.has("csv")) {
    for (const Row& row : rows) list.push_back(to_json(row));
  }
  const std::vector<std::string> parts = is_wide ? widen(list) : std::vector<std::string>{};
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text({{what, list}}));
  } else if (!rows.empty()) {
    if (arguments.has("csv")) {
      fmt::print("{}", csv_of(list));  // data, so no characters are replaced
    } else {
      show(is_wide ? wide_text(list, parts) : to_text(rows));
    }
  }
  if (!rows.empty()) return exit_found;
  say(fmt::format("tune: no such {}{}", what,
                  hint_of_filter(arguments.text("db", default_database), filter_of(arguments))));
  return exit_nothing;
}

}  // namespace

CommandSpec query_specification() {
  CommandSpec command{
      .name = "query",
      .summary = "Shows what a database holds: the winners, or all trials.",
      .usage = "tune query [winners|trials] [options]",
      .flags = {{"db", "FILE", "the database (default: tilewright.db here)"}},
      .positional =
          "`winners` (the default) shows the fastest of each problem, `trials` every row, "
          "newest first.",
      .examples = {"tune query", "tune query --op gemm --source measured --csv",
                   "tune query --op gemm --wide --csv",
                   "tune query trials --outcome wrong_result --limit 20",
                   "sqlite3 tilewright.db 'SELECT * FROM winners'"},
  };
  for (const Flag& flag : filter_flags()) command.flags.push_back(flag);
  for (const Flag& flag :
       {objective_flag("only winners by this: time (default), energy, or their product"),
        Flag{"outcome", "OUTCOME", "only trials with this outcome: ok, compile_failed, ..."},
        Flag{"limit", "N", "rows at most (default: all)"}, Flag{"json", "", "print JSON instead"},
        Flag{"csv", "", "print CSV instead"},
        Flag{"wide", "",
             "the parts of each problem as columns: dtype, math, dims, choices, epilogue; also for "
             "--json and --csv"}}) {
    command.flags.push_back(flag);
  }
  return command;
}

int query_command(const Arguments& arguments) {
  if (arguments.has("json") && arguments.has("csv")) {
    throw Error("--json and --csv exclude each other");
  }
  const std::string& what = arguments.positional();
  if (!what.empty() && what != "winners" && what != "trials") {
    throw Error(fmt::format("tune query {}: {}", what,
                            one_of(what, std::vector<std::string>{"winners", "trials"})));
  }
  const Filter filter = rows_asked(arguments);
  const bool trials = what == "trials";
  if (trials && arguments.has("objective")) {
    throw Error("--objective is for winners: use tune query winners");
  }
  if (!trials && filter.outcome) throw Error("--outcome is for trials: use tune query trials");
  const Store store = Store::open(arguments.text("db", default_database), Store::Mode::read_only);
  if (trials) return print(store.trials(filter), "trials", arguments, trial_json, trials_text);
  return print(
      winners_of(store, filter), "winners", arguments, winner_json,
      [&](const std::vector<Winner>& winners) { return winners_text(winners, filter.objective); });
}

}  // namespace tw
