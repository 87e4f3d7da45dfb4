// Converts rows of the database to C++ values and back.
#include "db/rows.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tw {
namespace {

using nlohmann::json;

// Returns the id of the context's row, and adds the row if there is none. Only inside a write.
std::int64_t context_id(SQLite::Database& database, const Context& context) {
  SQLite::Statement find(database,
                         fmt::format("SELECT id FROM context WHERE ({}) = ({})",
                                     column_list(context_key_fields), marks(context_key_fields)));
  int at = 0;
  bind_fields(find, at, context_key_fields, context);
  if (find.executeStep()) return find.getColumn(0).getInt64();
  SQLite::Statement insert(
      database, fmt::format("INSERT INTO context ({}) VALUES ({})", column_list(context_fields),
                            marks(context_fields)));
  at = 0;
  bind_fields(insert, at, context_fields, context);
  insert.exec();
  return database.getLastInsertRowid();
}

// Reads the text of a closed set of words.
template <class Value, class Parse>
void read_word(const SQLite::Column& column, Value& value, Parse parse) {
  const auto parsed = parse(column.getString());
  if (!parsed) throw std::invalid_argument(fmt::format("unknown {}", column.getName()));
  value = *parsed;
}

}  // namespace

std::string samples_text(const std::vector<double>& samples_ns) {
  std::string text = "[";
  std::array<char, 32> buffer;
  for (const double sample : samples_ns) {
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), sample).ptr;
    if (text.size() > 1) text += ',';
    text.append(buffer.data(), end);
  }
  return text + "]";
}

std::optional<std::vector<double>> samples_from(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  std::vector<double> samples;
  if (text == "[]") return samples;
  const char* const end = text.data() + text.size() - 1;
  for (const char* at = text.data() + 1;; ++at) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, samples.emplace_back());
    if (error != std::errc()) return std::nullopt;
    if (next == end) return samples;
    if (*next != ',') return std::nullopt;
    at = next;
  }
}

std::string metrics_text(const std::map<std::string, double>& metrics) {
  return json(metrics).dump(-1, ' ', false, json::error_handler_t::replace);
}

void read(const SQLite::Column& column, std::string& value) { value = column.getString(); }
void read(const SQLite::Column& column, std::int64_t& value) { value = column.getInt64(); }
void read(const SQLite::Column& column, int& value) { value = static_cast<int>(column.getInt64()); }
void read(const SQLite::Column& column, std::uint64_t& value) {
  value = static_cast<std::uint64_t>(column.getInt64());
}
void read(const SQLite::Column& column, double& value) { value = column.getDouble(); }
void read(const SQLite::Column& column, std::vector<double>& value) {
  std::optional<std::vector<double>> numbers = samples_from(column.getString());
  if (!numbers) throw std::invalid_argument(fmt::format("{} is no list", column.getName()));
  value = std::move(*numbers);
}
void read(const SQLite::Column& column, std::map<std::string, double>& value) {
  const std::string text = column.getString();
  if (text == "{}") return;
  const json map = json::parse(text);
  for (const auto& [name, number] : map.items()) {
    if (number.is_number()) value[name] = number.get<double>();
  }
}
void read(const SQLite::Column& column, TrialKind& value) {
  read_word(column, value, parse_trial_kind);
}
void read(const SQLite::Column& column, Source& value) { read_word(column, value, parse_source); }
void read(const SQLite::Column& column, L2& value) { read_word(column, value, parse_l2); }
void read(const SQLite::Column& column, Outcome& value) { read_word(column, value, parse_outcome); }
void read(const SQLite::Column& column, Objective& value) {
  read_word(column, value, parse_objective);
}

const std::string& trial_columns() {
  static const std::string text = fmt::format(
      "{}, {}, {}, {}", column_list(trial_id_fields, "t."), column_list(trial_fields, "t."),
      column_list(context_fields, "c."), column_list(measurement_fields, "t."));
  return text;
}

Trial trial_from(SQLite::Statement& row) {
  Trial trial;
  int column = 0;
  read_fields(row, column, trial_id_fields, trial);
  read_fields(row, column, trial_fields, trial);
  read_fields(row, column, context_fields, trial.context);
  read_fields(row, column, measurement_fields, trial.measurement);
  return trial;
}

std::int64_t insert_run(SQLite::Database& database, const RunInfo& run) {
  SQLite::Statement insert(database, fmt::format("INSERT INTO run (context_id, {}) VALUES (?, {})",
                                                 column_list(run_fields), marks(run_fields)));
  int at = 0;
  insert.bind(++at, context_id(database, run.context));
  bind_fields(insert, at, run_fields, run);
  insert.exec();
  return database.getLastInsertRowid();
}

std::int64_t insert_trial(SQLite::Database& database, std::int64_t run, TrialKind kind,
                          const Context& context, std::string_view configuration,
                          const Measurement& measurement,
                          const std::optional<std::string>& created) {
  SQLite::Statement insert(
      database,
      fmt::format("INSERT INTO trial (run_id, context_id, kind, configuration, median_ns, {}, "
                  "created) VALUES (?, ?, ?, ?, ?, {}, "
                  "coalesce(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))",
                  column_list(measurement_fields), marks(measurement_fields)));
  int at = 0;
  insert.bind(++at, run);
  insert.bind(++at, context_id(database, context));
  insert.bind(++at, column_of(kind));
  insert.bind(++at, std::string(configuration));
  ++at;  // stays NULL without samples
  if (!measurement.samples_ns.empty()) insert.bind(at, measurement.median_ns());
  bind_fields(insert, at, measurement_fields, measurement);
  ++at;
  if (created) insert.bind(at, *created);
  insert.exec();
  return database.getLastInsertRowid();
}

void Where::add(const std::string& test, const std::string& value) {
  if (value.empty()) return;
  clause += (clause.empty() ? " WHERE " : " AND ") + test;
  values.push_back(value);
}

void Where::add(const Filter& filter) {
  add("c.op = ?", filter.op);
  add("instr(c.problem, ?) > 0", filter.problem);
  add("c.kernel = ?", filter.kernel);
  add("instr(c.device_model, ?) > 0", filter.device);
  add("c.source = ?", filter.source);
  add("c.l2 = ?", filter.l2);
}

void Where::bind(SQLite::Statement& statement) const {
  int at = 0;
  for (const std::string& value : values) statement.bind(++at, value);
}

}  // namespace tw
