// Writes and reads trials as CSV. The columns are made from the tables of the fields.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/text/csv.h"
#include "db/exchange/exchange.h"
#include "db/rows.h"

namespace tw {
namespace {

using nlohmann::json;

// The names of the columns in their order. Columns that it lacks follow in the order of the tables.
constexpr std::string_view column_order =
    ",source,kind,op,problem,kernel,configuration,outcome,note,samples_ns,median_ns,compile_ms,"
    "registers,spill_bytes,smem_bytes,blocks_per_sm,error_ulps,timer,metrics,created,device_model,"
    "device_limits,driver,toolchain,l2,protocol,source_digest,race_created,race_rank,tied,"
    "run_started,run_ended,run_status,run_kernel,run_source_digest,run_toolchain,space_digest,"
    "space_size,strategy,seed,command,device_uuid,device,commit_id,verdict_digest,"
    "run_verdict_digest,oracle,epilogue,energy_mj,mean_power_w,objective,";
// The first columns, up to commit_id, are in the files of all versions. A file may lack the others.
constexpr std::size_t required_columns = 43;

// The fields of a SharedTrial that its context, measurement and run do not have.
constexpr std::tuple shared_fields{
    RecordField{"race_created", &SharedTrial::race_created},
    RecordField{"race_rank", &SharedTrial::race_rank},
    RecordField{"tied", &SharedTrial::tied},
    RecordField{"run_started", &SharedTrial::run_started},
    RecordField{"run_ended", &SharedTrial::run_ended},
    RecordField{"run_status", &SharedTrial::run_status},
};

std::string cell_text(const std::string& value) { return value; }
std::string cell_text(double value) {
  std::array<char, 32> buffer;
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}
std::string cell_text(const std::vector<double>& value) { return samples_text(value); }
std::string cell_text(const std::map<std::string, double>& value) { return metrics_text(value); }
std::string cell_text(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "";
}
template <class Value>
std::string cell_text(Value value) {
  if constexpr (std::is_enum_v<Value>) {
    return std::string(name_of(value));
  } else {
    return std::to_string(value);
  }
}

// The file and the line that messages name.
struct Line {
  const std::string& path;
  std::size_t number;
  [[noreturn]] void refuse(const std::string& what) const;
};

void Line::refuse(const std::string& what) const {
  std::string message =
      fmt::format("{}: line {}: {}: correct it, or export it again", path, number, what);
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  throw Error(message);
}

// A cell of a file. Each function reads it as a value of another type. Throws Error if it is none.
class Cell {
 public:
  Cell(const Line& line, const std::string& name, const std::string& text)
      : line_(line), name_(name), text_(text) {}

  void read(std::string& value) const;
  void read(std::vector<double>& value) const;
  void read(std::map<std::string, double>& value) const;
  void read(double& value) const {
    number(value);
    if (std::isnan(value)) fail("is no number");
  }
  void read(int& value) const { number(value); }
  void read(std::int64_t& value) const { number(value); }
  void read(std::uint64_t& value) const { number(value); }
  void read(std::optional<std::int64_t>& value) const {
    if (!text_.empty()) number(value.emplace());
  }
  void read(Source& value) const { one_of(parse_source(text_), value); }
  void read(L2& value) const { one_of(parse_l2(text_), value); }
  void read(TrialKind& value) const { one_of(parse_trial_kind(text_), value); }
  void read(Outcome& value) const { one_of(parse_outcome(text_), value); }
  void read(Objective& value) const { one_of(parse_objective(text_), value); }
  void check_median(const Measurement& measurement) const;

 private:
  [[noreturn]] void fail(std::string_view what) const {
    line_.refuse(fmt::format("{} '{:.60}' {}", name_, text_, what));
  }

  template <class Value>
  void number(Value& value) const {
    const char* const end = text_.data() + text_.size();
    const auto [rest, error] = std::from_chars(text_.data(), end, value);
    if (error != std::errc() || rest != end) {
      fail(std::is_integral_v<Value> ? "is no whole number in range" : "is no number in range");
    }
  }
  template <class Value>
  void one_of(const std::optional<Value>& parsed, Value& value) const {
    if (!parsed) fail("is unknown");
    value = *parsed;
  }

  const Line& line_;
  const std::string& name_;
  const std::string& text_;
};

// Names end up in tables and in emitted headers, so each must be one line.
void Cell::read(std::string& value) const {
  const bool prose = name_ == "note" || name_ == "command" || name_ == "device";
  if (!prose && std::any_of(text_.begin(), text_.end(),
                            [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
    fail("has a control character");
  }
  for (const char* needed : {"op", "problem", "kernel", "device_model", "run_kernel"}) {
    if (text_.empty() && name_ == needed) fail("is missing");
  }
  if (name_ == "device" && !text_.empty() && !json::accept(text_)) fail("is not JSON");
  value = text_;
}

void Cell::read(std::vector<double>& value) const {
  std::optional<std::vector<double>> samples = samples_from(text_);
  if (!samples) fail("is no JSON list of numbers");
  value = std::move(*samples);
  const auto finite = [](double sample) { return std::isfinite(sample); };
  if (!std::all_of(value.begin(), value.end(), finite)) fail("has a number that is not finite");
}

void Cell::read(std::map<std::string, double>& value) const {
  const json map = json::parse(text_, nullptr, false);
  if (!map.is_object()) fail("is no JSON map of numbers");
  for (const auto& [name, number] : map.items()) {
    if (!number.is_number()) fail("is no JSON map of numbers");
    value[name] = number.get<double>();
  }
}

// The median follows from the samples. If it does not, the file was changed incompletely.
void Cell::check_median(const Measurement& measurement) const {
  const bool timed = !measurement.samples_ns.empty();
  if (!timed && text_.empty()) return;
  double median_ns = 0;
  number(median_ns);
  if (!timed || median_ns != measurement.median_ns()) fail("is not that of samples_ns");
}

// A column of a file.
struct Column {
  std::string name;
  std::function<std::string(const SharedTrial&)> text;
  std::function<void(const Cell&, SharedTrial&)> read;
};

// Adds a column for each field of a table. `record` returns the record in a trial.
template <class Table, class Record>
void add_columns(std::vector<Column>& columns, const Table& table, Record record,
                 const std::string& prefix = "") {
  each_field(table, [&](const auto& field) {
    columns.push_back(
        {prefix + field.name,
         [=](const SharedTrial& shared) { return cell_text(field.of(record(shared))); },
         [=](const Cell& cell, SharedTrial& shared) { cell.read(field.of(record(shared))); }});
  });
}

// Adds the columns of a trial with these fields of its context.
template <class Table>
void add_trial_columns(std::vector<Column>& columns, const Table& context_table) {
  add_columns(
      columns, context_table, [](auto& shared) -> auto& { return shared.trial.context; });
  add_columns(
      columns, trial_fields, [](auto& shared) -> auto& { return shared.trial; });
  add_columns(
      columns, measurement_fields, [](auto& shared) -> auto& { return shared.trial.measurement; });
  columns.push_back(
      {"median_ns",
       [](const SharedTrial& shared) {
         const Measurement& measurement = shared.trial.measurement;
         return measurement.samples_ns.empty() ? "" : cell_text(measurement.median_ns());
       },
       [](const Cell& cell, SharedTrial& shared) { cell.check_median(shared.trial.measurement); }});
}

std::vector<Column> ordered(std::vector<Column> columns) {
  const auto place = [](const Column& column) {
    return column_order.find("," + column.name + ",");
  };
  std::stable_sort(columns.begin(), columns.end(),
                   [&](const Column& a, const Column& b) { return place(a) < place(b); });
  return columns;
}

const std::vector<Column>& all_columns() {
  static const std::vector<Column> columns = [] {
    std::vector<Column> all;
    add_trial_columns(all, context_fields);
    add_columns(
        all, run_fields, [](auto& shared) -> auto& { return shared.run; });
    add_columns(
        all, shared_fields, [](auto& shared) -> auto& { return shared; });
    add_columns(
        all, kernel_context_fields, [](auto& shared) -> auto& { return shared.run.context; },
        "run_");
    return ordered(std::move(all));
  }();
  return columns;
}

const std::vector<Column>& fact_columns() {
  static const std::vector<Column> columns = [] {
    std::vector<Column> facts;
    add_trial_columns(facts, context_key_fields);
    std::erase_if(facts, [](const Column& column) { return column.name == "source"; });
    return ordered(std::move(facts));
  }();
  return columns;
}

std::string record_of(const std::vector<Column>& columns, const SharedTrial& shared) {
  std::vector<std::string> cells;
  for (const Column& column : columns) cells.push_back(column.text(shared));
  return csv_record(cells);
}

// Returns the columns that the header names. Throws Error if it names others, or lacks a required
// one.
std::vector<const Column*> columns_of(const std::vector<std::string>& header,
                                      const std::string& path) {
  const std::vector<Column>& all = all_columns();
  std::vector<const Column*> columns;
  for (std::size_t i = 0; i < std::max(header.size(), required_columns); ++i) {
    const auto known = std::find_if(all.begin(), all.end(), [&](const Column& column) {
      return i < header.size() && column.name == header[i];
    });
    const bool is_new =
        known != all.end() && std::find(columns.begin(), columns.end(), &*known) == columns.end();
    if (is_new && (i >= required_columns || all[i].name == header[i])) {
      columns.push_back(&*known);
      continue;
    }
    throw Error(fmt::format(
        "{}: line 1: is not the header that tune export writes: column {} is {}, not {}: export "
        "the trials again",
        path, i + 1, i < header.size() ? fmt::format("'{:.40}'", header[i]) : "missing",
        i < all.size() ? fmt::format("'{}'", all[i].name) : "the end"));
  }
  return columns;
}

// Checks what a single cell cannot show.
void check_race(const SharedTrial& shared, const Line& line) {
  const bool placed = shared.race_rank.has_value();
  if (placed != shared.tied.has_value() || placed == shared.race_created.empty()) {
    line.refuse("race_created, race_rank and tied belong together");
  }
  if (!placed) return;
  if (shared.trial.kind != TrialKind::race) {
    line.refuse("has a race_rank, but its kind is not race");
  }
  if (*shared.race_rank < 1) line.refuse("race_rank is less than 1");
  if (*shared.tied != 0 && *shared.tied != 1) line.refuse("tied is neither 0 nor 1");
}

SharedTrial shared_from_record(const std::vector<const Column*>& columns,
                               const std::vector<std::string>& cells, const Line& line) {
  SharedTrial shared;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i]->read(Cell(line, columns[i]->name, cells[i]), shared);
  }
  check_race(shared, line);
  // The context of a run is the trial's, except for what has columns of its own.
  const Context own = std::exchange(shared.run.context, shared.trial.context);
  each_field(kernel_context_fields,
             [&](const auto& field) { field.of(shared.run.context) = field.of(own); });
  return shared;
}

}  // namespace

std::string facts_of(const Trial& trial) {
  SharedTrial shared;
  shared.trial = trial;
  return record_of(fact_columns(), shared);
}

std::string csv_of(const std::vector<SharedTrial>& trials) {
  std::vector<std::string> names;
  for (const Column& column : all_columns()) names.push_back(column.name);
  std::string text = csv_record(names);
  for (const SharedTrial& shared : trials) text += record_of(all_columns(), shared);
  return text;
}

std::vector<SharedTrial> trials_from_csv(std::string_view text, const std::string& path) {
  CsvReader file(text, path);
  std::vector<std::string> cells;
  file.next(cells);
  const std::vector<const Column*> columns = columns_of(cells, path);
  std::vector<SharedTrial> trials;
  while (file.next(cells)) {
    if (cells.size() != columns.size()) {
      throw Error(fmt::format("{}: line {}: has {} fields, not {}: correct it, or export it again",
                              path, file.line(), cells.size(), columns.size()));
    }
    trials.push_back(shared_from_record(columns, cells, {path, file.line()}));
  }
  return trials;
}

}  // namespace tw
