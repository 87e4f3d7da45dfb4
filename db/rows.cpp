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

TrialKind kind_from(std::string_view text) {
  if (text == "race") return TrialKind::race;
  return text == "baseline" ? TrialKind::baseline : TrialKind::search;
}

std::map<std::string, double> metrics_from(const std::string& text) {
  std::map<std::string, double> metrics;
  if (text == "{}") return metrics;
  const json map = json::parse(text);
  for (const auto& [name, value] : map.items()) {
    if (value.is_number()) metrics[name] = value.get<double>();
  }
  return metrics;
}

}  // namespace

std::string_view name_of(TrialKind kind) {
  switch (kind) {
    case TrialKind::search:
      return "search";
    case TrialKind::race:
      return "race";
    case TrialKind::baseline:
      return "baseline";
  }
  return "";
}

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

std::vector<double> samples_from(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
    throw std::invalid_argument("samples_ns is not a list");
  }
  std::vector<double> samples;
  if (text == "[]") return samples;
  const char* const end = text.data() + text.size() - 1;
  for (const char* at = text.data() + 1;; ++at) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, samples.emplace_back());
    if (error != std::errc()) throw std::invalid_argument("samples_ns has no number at a place");
    if (next == end) return samples;
    if (*next != ',') throw std::invalid_argument("samples_ns lacks a comma");
    at = next;
  }
}

std::string metrics_text(const std::map<std::string, double>& metrics) {
  return json(metrics).dump(-1, ' ', false, json::error_handler_t::replace);
}

Trial trial_from(SQLite::Statement& row) {
  int column = 0;
  const auto text = [&] { return row.getColumn(column++).getString(); };
  const auto integer = [&] { return row.getColumn(column++).getInt64(); };
  const auto real = [&] { return row.getColumn(column++).getDouble(); };
  Trial trial;
  trial.id = integer();
  trial.run = integer();
  trial.created = text();
  Context& context = trial.context;
  for (std::string* field : {&context.op, &context.problem, &context.kernel, &context.source_digest,
                             &context.verdict_digest, &context.device_model, &context.device_limits,
                             &context.driver, &context.toolchain}) {
    *field = text();
  }
  context.protocol = static_cast<int>(integer());
  context.l2 = text();
  const auto source = parse_source(text());
  trial.kind = kind_from(text());
  trial.configuration = text();
  Measurement& measurement = trial.measurement;
  const auto outcome = parse_outcome(text());
  if (!source || !outcome) throw std::invalid_argument("unknown source or outcome");
  context.source = *source;
  measurement.outcome = *outcome;
  measurement.note = text();
  measurement.samples_ns = samples_from(text());
  measurement.compile_ms = real();
  measurement.registers = static_cast<int>(integer());
  measurement.spill_bytes = integer();
  measurement.smem_bytes = integer();
  measurement.blocks_per_sm = static_cast<int>(integer());
  measurement.error_ulps = real();
  measurement.timer = text();
  measurement.metrics = metrics_from(text());
  context.epilogue = text();
  return trial;
}

void bind_context(SQLite::Statement& statement, const Context& context) {
  int at = 0;
  for (const std::string* field :
       {&context.op, &context.problem, &context.kernel, &context.source_digest,
        &context.verdict_digest, &context.device_model, &context.device_limits, &context.driver,
        &context.toolchain}) {
    statement.bind(++at, *field);
  }
  statement.bind(++at, context.protocol);
  statement.bind(++at, context.l2);
  statement.bind(++at, std::string(name_of(context.source)));
}

std::int64_t context_id(SQLite::Database& database, const Context& context) {
  SQLite::Statement find(database, fmt::format("SELECT id FROM context WHERE ({}) = ({})",
                                               context_columns, context_marks));
  bind_context(find, context);
  if (find.executeStep()) return find.getColumn(0).getInt64();
  SQLite::Statement insert(database, fmt::format("INSERT INTO context ({}, epilogue) VALUES ({},?)",
                                                 context_columns, context_marks));
  bind_context(insert, context);
  insert.bind(insert.getBindParameterCount(), context.epilogue);
  insert.exec();
  return database.getLastInsertRowid();
}

std::int64_t insert_trial(SQLite::Database& database, std::int64_t run, TrialKind kind,
                          const Context& context, std::string_view configuration,
                          const Measurement& measurement,
                          const std::optional<std::string>& created) {
  SQLite::Statement insert(
      database,
      "INSERT INTO trial (run_id, context_id, kind, configuration, outcome, note, median_ns, "
      "samples_ns, compile_ms, registers, spill_bytes, smem_bytes, blocks_per_sm, error_ulps, "
      "timer, metrics, created) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?, "
      "coalesce(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))");
  int at = 0;
  insert.bind(++at, run);
  insert.bind(++at, context_id(database, context));
  insert.bind(++at, std::string(name_of(kind)));
  insert.bind(++at, std::string(configuration));
  insert.bind(++at, std::string(name_of(measurement.outcome)));
  insert.bind(++at, measurement.note);
  ++at;  // stays NULL without samples
  if (!measurement.samples_ns.empty()) insert.bind(at, measurement.median_ns());
  insert.bind(++at, samples_text(measurement.samples_ns));
  insert.bind(++at, measurement.compile_ms);
  insert.bind(++at, measurement.registers);
  insert.bind(++at, measurement.spill_bytes);
  insert.bind(++at, measurement.smem_bytes);
  insert.bind(++at, measurement.blocks_per_sm);
  insert.bind(++at, measurement.error_ulps);
  insert.bind(++at, measurement.timer);
  insert.bind(++at, metrics_text(measurement.metrics));
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
