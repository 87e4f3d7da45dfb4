// Converts rows of the database to C++ values and back, by the tables of their fields. All code in
// db/ that reads or writes rows uses it.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/store_fields.h"

namespace tw {

// Returns a JSON list. Each number is the shortest decimal that reads back as the same double.
std::string samples_text(const std::vector<double>& samples_ns);
// Returns nothing if `text` is not a JSON list of numbers.
std::optional<std::vector<double>> samples_from(std::string_view text);
// Returns a JSON map.
std::string metrics_text(const std::map<std::string, double>& metrics);

// Returns the value as its column holds it.
inline const std::string& column_of(const std::string& value) { return value; }
inline std::int64_t column_of(std::int64_t value) { return value; }
inline std::int64_t column_of(int value) { return value; }
inline std::int64_t column_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
inline double column_of(double value) { return value; }
inline std::string column_of(const std::vector<double>& value) { return samples_text(value); }
inline std::string column_of(const std::map<std::string, double>& value) {
  return metrics_text(value);
}
template <class Enum>
std::string column_of(Enum value) {
  return std::string(name_of(value));
}

// Reads the value of a column. Throws std::invalid_argument or nlohmann's exceptions if it cannot
// be read.
void read(const SQLite::Column& column, std::string& value);
void read(const SQLite::Column& column, std::int64_t& value);
void read(const SQLite::Column& column, int& value);
void read(const SQLite::Column& column, std::uint64_t& value);
void read(const SQLite::Column& column, double& value);
void read(const SQLite::Column& column, std::vector<double>& value);
void read(const SQLite::Column& column, std::map<std::string, double>& value);
void read(const SQLite::Column& column, TrialKind& value);
void read(const SQLite::Column& column, Source& value);
void read(const SQLite::Column& column, L2& value);
void read(const SQLite::Column& column, Outcome& value);
void read(const SQLite::Column& column, Objective& value);

// Binds the fields of a table to the parameters after `at`, and advances `at`.
template <class Table, class Record>
void bind_fields(SQLite::Statement& statement, int& at, const Table& table, const Record& record) {
  each_field(table, [&](const auto& field) { statement.bind(++at, column_of(field.of(record))); });
}

// Reads the fields of a table from the columns from `column` on, and advances `column`.
template <class Table, class Record>
void read_fields(SQLite::Statement& row, int& column, const Table& table, Record& record) {
  each_field(table, [&](const auto& field) { read(row.getColumn(column++), field.of(record)); });
}

// Returns "PREFIXop, PREFIXproblem, ...".
template <class Table>
std::string column_list(const Table& table, std::string_view prefix = "") {
  std::string text;
  for (const char* name : names_of(table)) {
    if (!text.empty()) text += ", ";
    text.append(prefix).append(name);
  }
  return text;
}

// Returns a question mark for each field: "?, ?, ...".
template <class Table>
std::string marks(const Table& table) {
  std::string text;
  for (std::size_t i = 0; i < names_of(table).size(); ++i) text += text.empty() ? "?" : ", ?";
  return text;
}

// The columns that trial_from reads, from `trial t JOIN context c`.
const std::string& trial_columns();
// The number of these columns.
inline constexpr int trial_column_count =
    static_cast<int>(std::tuple_size_v<decltype(std::tuple_cat(
                         trial_id_fields, trial_fields, context_fields, measurement_fields))>);
// Reads a trial, like `read`.
Trial trial_from(SQLite::Statement& row);

// Adds a run and returns its id. Only inside a write.
std::int64_t insert_run(SQLite::Database& database, const RunInfo& run);
// Adds a trial and returns its id. Without `created`, the time is now. Only inside a write.
std::int64_t insert_trial(SQLite::Database& database, std::int64_t run, TrialKind kind,
                          const Context& context, std::string_view configuration,
                          const Measurement& measurement,
                          const std::optional<std::string>& created = std::nullopt);

// A WHERE clause on `context c`, to which tests can be added, and its values.
struct Where {
  std::string clause;
  std::vector<std::string> values;
  // Adds `test`, which has one question mark. Adds nothing if `value` is empty.
  void add(const std::string& test, const std::string& value);
  void add(const Filter& filter);  // except its outcome and limit
  void bind(SQLite::Statement& statement) const;
};

}  // namespace tw
