// Rows of the database as C++ values and back; shared by everything in store.cpp that reads or
// writes.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store.h"

namespace tw {

std::string_view name_of(TrialKind kind);

// JSON list; each number is the shortest decimal that reads back as the same double.
std::string samples_text(const std::vector<double>& samples_ns);
// JSON map.
std::string metrics_text(const std::map<std::string, double>& metrics);

// What trial_from reads, from `trial t JOIN context c`.
inline constexpr const char* trial_columns =
    "t.id, t.run_id, t.created, c.op, c.problem, c.kernel, c.source_digest, c.device_model, "
    "c.device_limits, c.driver, c.toolchain, c.protocol, c.l2, c.source, t.kind, t.configuration, "
    "t.outcome, t.note, t.samples_ns, t.compile_ms, t.registers, t.spill_bytes, t.smem_bytes, "
    "t.blocks_per_sm, t.error_ulps, t.timer, t.metrics";
inline constexpr int trial_column_count = 27;

// Throws std::invalid_argument or nlohmann's exceptions if a field cannot be read.
Trial trial_from(SQLite::Statement& row);

// The eleven columns of a context, as bind_context binds them.
inline constexpr const char* context_columns =
    "op, problem, kernel, source_digest, device_model, device_limits, driver, toolchain, protocol, "
    "l2, source";
void bind_context(SQLite::Statement& statement, const Context& context);

}  // namespace tw
