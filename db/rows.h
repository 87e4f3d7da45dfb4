// Converts rows of the database to C++ values and back. All code in db/ that reads or writes rows
// uses it.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/store.h"

namespace tw {

std::string_view name_of(TrialKind kind);

// Returns a JSON list. Each number is the shortest decimal that reads back as the same double.
std::string samples_text(const std::vector<double>& samples_ns);
// Throws std::invalid_argument if `text` is not a JSON list of numbers.
std::vector<double> samples_from(std::string_view text);
// Returns a JSON map.
std::string metrics_text(const std::map<std::string, double>& metrics);

// The columns that trial_from reads, from `trial t JOIN context c`.
inline constexpr const char* trial_columns =
    "t.id, t.run_id, t.created, c.op, c.problem, c.kernel, c.source_digest, c.verdict_digest, "
    "c.device_model, c.device_limits, c.driver, c.toolchain, c.protocol, c.l2, c.source, t.kind, "
    "t.configuration, t.outcome, t.note, t.samples_ns, t.compile_ms, t.registers, t.spill_bytes, "
    "t.smem_bytes, t.blocks_per_sm, t.error_ulps, t.timer, t.metrics, c.epilogue";
inline constexpr int trial_column_count = 29;

// Throws std::invalid_argument or nlohmann's exceptions if a field cannot be read.
Trial trial_from(SQLite::Statement& row);

// The columns that identify a context, in the order of bind_context, and a question mark for each.
inline constexpr const char* context_columns =
    "op, problem, kernel, source_digest, verdict_digest, device_model, device_limits, driver, "
    "toolchain, protocol, l2, source";
inline constexpr const char* context_marks = "?,?,?,?,?,?,?,?,?,?,?,?";
void bind_context(SQLite::Statement& statement, const Context& context);

// Returns the row of the context, and adds the row if there is none. Only inside a write.
std::int64_t context_id(SQLite::Database& database, const Context& context);
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
