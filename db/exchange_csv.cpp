// Writes and reads trials as CSV. One list of columns serves both. New columns are added at the
// end, so that the header of an older file is the beginning of today's header.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/base/csv.h"
#include "core/base/error.h"
#include "db/exchange.h"
#include "db/rows.h"

namespace tw {
namespace {

using nlohmann::json;

struct MedianOf {
  const Measurement& measurement;
};

// Calls `visit` with the name and the value of each column of a trial, except its source and its
// verdict digest.
template <class SomeTrial, class Visit>
void visit_trial(SomeTrial& trial, Visit& visit) {
  auto& context = trial.context;
  auto& measurement = trial.measurement;
  visit("kind", trial.kind);
  visit("op", context.op);
  visit("problem", context.problem);
  visit("kernel", context.kernel);
  visit("configuration", trial.configuration);
  visit("outcome", measurement.outcome);
  visit("note", measurement.note);
  visit("samples_ns", measurement.samples_ns);
  visit("median_ns", MedianOf{measurement});
  visit("compile_ms", measurement.compile_ms);
  visit("registers", measurement.registers);
  visit("spill_bytes", measurement.spill_bytes);
  visit("smem_bytes", measurement.smem_bytes);
  visit("blocks_per_sm", measurement.blocks_per_sm);
  visit("error_ulps", measurement.error_ulps);
  visit("timer", measurement.timer);
  visit("metrics", measurement.metrics);
  visit("created", trial.created);
  visit("device_model", context.device_model);
  visit("device_limits", context.device_limits);
  visit("driver", context.driver);
  visit("toolchain", context.toolchain);
  visit("l2", context.l2);
  visit("protocol", context.protocol);
  visit("source_digest", context.source_digest);
}

template <class SomeShared, class Visit>
void visit_all(SomeShared& shared, Visit& visit) {
  auto& run = shared.run;
  visit("source", shared.trial.context.source);
  visit_trial(shared.trial, visit);
  visit("race_created", shared.race_created);
  visit("race_rank", shared.race_rank);
  visit("tied", shared.tied);
  visit("run_started", shared.run_started);
  visit("run_ended", shared.run_ended);
  visit("run_status", shared.run_status);
  visit("run_kernel", run.context.kernel);
  visit("run_source_digest", run.context.source_digest);
  visit("run_toolchain", run.context.toolchain);
  visit("space_digest", run.space_digest);
  visit("space_size", run.space_size);
  visit("strategy", run.strategy);
  visit("seed", run.seed);
  visit("command", run.command);
  visit("device_uuid", run.device_uuid);
  visit("device", run.device_json);
  visit("commit_id", run.commit);
  visit("verdict_digest", shared.trial.context.verdict_digest);
  visit("run_verdict_digest", run.context.verdict_digest);
  visit("oracle", run.oracle);
  visit("epilogue", shared.trial.context.epilogue);
}
constexpr std::array<std::size_t, 3> missing_columns{0, 1, 4};  // in today's and earlier files

struct Names {
  std::vector<std::string> names;
  template <class Value>
  void operator()(const char* name, const Value&) {
    names.emplace_back(name);
  }
};

const std::vector<std::string>& column_names() {
  static const std::vector<std::string> names = [] {
    Names visit;
    const SharedTrial any;
    visit_all(any, visit);
    return visit.names;
  }();
  return names;
}

std::string shortest(double value) {
  std::array<char, 32> buffer;
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

class Writer {
 public:
  template <class Value>
  void operator()(const char*, const Value& value) {
    cells_.push_back(text(value));
  }
  std::string record() const { return csv_record(cells_); }

 private:
  static std::string text(const std::string& value) { return value; }
  static std::string text(int value) { return std::to_string(value); }
  static std::string text(std::int64_t value) { return std::to_string(value); }
  static std::string text(std::uint64_t value) { return std::to_string(value); }
  static std::string text(double value) { return shortest(value); }
  static std::string text(Source value) { return std::string(name_of(value)); }
  static std::string text(TrialKind value) { return std::string(name_of(value)); }
  static std::string text(Outcome value) { return std::string(name_of(value)); }
  static std::string text(const std::vector<double>& value) { return samples_text(value); }
  static std::string text(const std::map<std::string, double>& value) {
    return metrics_text(value);
  }
  static std::string text(const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "";
  }
  static std::string text(const MedianOf& value) {
    const Measurement& measurement = value.measurement;
    return measurement.samples_ns.empty() ? "" : shortest(measurement.median_ns());
  }

  std::vector<std::string> cells_;
};

std::optional<TrialKind> parse_kind(std::string_view text) {
  for (const TrialKind kind : {TrialKind::search, TrialKind::race, TrialKind::baseline}) {
    if (name_of(kind) == text) return kind;
  }
  return std::nullopt;
}

// Reads the cells of one record, column by column.
class Reader {
 public:
  Reader(const std::string& path, std::size_t line, std::vector<std::string> cells)
      : path_(path), line_(line), cells_(std::move(cells)) {}

  template <class Value>
  void operator()(const char* name, Value&& value) {
    name_ = name;
    cell_ = &cells_[next_++];
    read(value);
  }
  // Checks what a single cell cannot show.
  void check(const SharedTrial& shared) const;

 private:
  [[noreturn]] void fail(std::string_view what) const {
    refuse(fmt::format("{} '{:.60}' {}", name_, *cell_, what));
  }
  [[noreturn]] void refuse(const std::string& what) const;

  void read(std::string& value) const;
  void read(std::vector<double>& value) const;
  void read(std::map<std::string, double>& value) const;
  void read(MedianOf& value) const;
  void read(double& value) const {
    number(value);
    if (std::isnan(value)) fail("is no number");
  }
  void read(int& value) const { number(value); }
  void read(std::int64_t& value) const { number(value); }
  void read(std::uint64_t& value) const { number(value); }
  void read(std::optional<std::int64_t>& value) const {
    if (!cell_->empty()) number(value.emplace());
  }
  void read(Source& value) const { one_of(parse_source(*cell_), value); }
  void read(TrialKind& value) const { one_of(parse_kind(*cell_), value); }
  void read(Outcome& value) const { one_of(parse_outcome(*cell_), value); }

  template <class Value>
  void number(Value& value) const {
    const char* const end = cell_->data() + cell_->size();
    const auto [rest, error] = std::from_chars(cell_->data(), end, value);
    if (error != std::errc() || rest != end) {
      fail(std::is_integral_v<Value> ? "is no whole number in range" : "is no number in range");
    }
  }
  template <class Value>
  void one_of(const std::optional<Value>& parsed, Value& value) const {
    if (!parsed) fail("is unknown");
    value = *parsed;
  }

  const std::string& path_;
  std::size_t line_;
  std::vector<std::string> cells_;
  std::size_t next_ = 0;
  std::string_view name_;
  const std::string* cell_ = nullptr;
};

void Reader::refuse(const std::string& what) const {
  std::string message =
      fmt::format("{}: line {}: {}: correct it, or export it again", path_, line_, what);
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  throw Error(message);
}

// Names end up in tables and in emitted headers, so each must be one line.
void Reader::read(std::string& value) const {
  const bool prose = name_ == "note" || name_ == "command" || name_ == "device";
  if (!prose && std::any_of(cell_->begin(), cell_->end(),
                            [](char c) { return static_cast<unsigned char>(c) < ' '; })) {
    fail("has a control character");
  }
  for (const char* needed : {"op", "problem", "kernel", "device_model", "run_kernel"}) {
    if (cell_->empty() && name_ == needed) fail("is missing");
  }
  if (name_ == "l2" && *cell_ != "cold" && *cell_ != "warm") fail("is neither cold nor warm");
  if (name_ == "device" && !cell_->empty() && !json::accept(*cell_)) fail("is not JSON");
  value = *cell_;
}

void Reader::read(std::vector<double>& value) const {
  try {
    value = samples_from(*cell_);
  } catch (const std::invalid_argument&) {
    fail("is no JSON list of numbers");
  }
  const auto finite = [](double sample) { return std::isfinite(sample); };
  if (!std::all_of(value.begin(), value.end(), finite)) fail("has a number that is not finite");
}

void Reader::read(std::map<std::string, double>& value) const {
  const json map = json::parse(*cell_, nullptr, false);
  if (!map.is_object()) fail("is no JSON map of numbers");
  for (const auto& [name, number] : map.items()) {
    if (!number.is_number()) fail("is no JSON map of numbers");
    value[name] = number.get<double>();
  }
}

// The median follows from the samples. If it does not, the file was changed incompletely.
void Reader::read(MedianOf& value) const {
  const bool timed = !value.measurement.samples_ns.empty();
  if (!timed && cell_->empty()) return;
  double median_ns = 0;
  number(median_ns);
  if (!timed || median_ns != value.measurement.median_ns()) fail("is not that of samples_ns");
}

void Reader::check(const SharedTrial& shared) const {
  const bool placed = shared.race_rank.has_value();
  if (placed != shared.tied.has_value() || placed == shared.race_created.empty()) {
    refuse("race_created, race_rank and tied belong together");
  }
  if (!placed) return;
  if (shared.trial.kind != TrialKind::race) refuse("has a race_rank, but its kind is not race");
  if (*shared.race_rank < 1) refuse("race_rank is less than 1");
  if (*shared.tied != 0 && *shared.tied != 1) refuse("tied is neither 0 nor 1");
}

// Throws Error unless the header is today's, or that of an earlier version, which has fewer
// columns.
void check_header(const std::vector<std::string>& header, const std::string& path) {
  const std::vector<std::string>& expected = column_names();
  const bool begins_so = header.size() <= expected.size() &&
                         std::equal(header.begin(), header.end(), expected.begin());
  const auto lacks = [&](std::size_t count) { return header.size() + count == expected.size(); };
  if (begins_so && std::any_of(missing_columns.begin(), missing_columns.end(), lacks)) return;
  std::size_t at = 0;
  while (at < header.size() && at < expected.size() && header[at] == expected[at]) ++at;
  throw Error(fmt::format(
      "{}: line 1: is not the header that tune export writes: column {} is {}, not {}: export the "
      "trials again",
      path, at + 1, at < header.size() ? fmt::format("'{:.40}'", header[at]) : "missing",
      at < expected.size() ? fmt::format("'{}'", expected[at]) : "the end"));
}

}  // namespace

std::string facts_of(const Trial& trial) {
  Writer visit;
  visit_trial(trial, visit);
  visit("verdict_digest", trial.context.verdict_digest);
  return visit.record();
}

std::string csv_of(const std::vector<SharedTrial>& trials) {
  std::string text = csv_record(column_names());
  for (const SharedTrial& shared : trials) {
    Writer visit;
    visit_all(shared, visit);
    text += visit.record();
  }
  return text;
}

std::vector<SharedTrial> trials_from_csv(std::string_view text, const std::string& path) {
  CsvReader file(text, path);
  std::vector<std::string> cells;
  file.next(cells);
  check_header(cells, path);
  const std::size_t columns = cells.size();
  std::vector<SharedTrial> trials;
  while (file.next(cells)) {
    if (cells.size() != columns) {
      throw Error(fmt::format("{}: line {}: has {} fields, not {}: correct it, or export it again",
                              path, file.line(), cells.size(), columns));
    }
    cells.resize(column_names().size());  // an older file lacks the newer columns
    Reader visit(path, file.line(), std::move(cells));
    SharedTrial& shared = trials.emplace_back();
    visit_all(shared, visit);
    visit.check(shared);
    // The context of a run is the trial's, except for what has columns of its own.
    Context context = shared.trial.context;
    context.kernel = shared.run.context.kernel;
    context.source_digest = shared.run.context.source_digest;
    context.verdict_digest = shared.run.context.verdict_digest;
    context.toolchain = shared.run.context.toolchain;
    shared.run.context = std::move(context);
  }
  return trials;
}

}  // namespace tw
