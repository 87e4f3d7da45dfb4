// Writes recordings as T4 1.0.0, one result per line.
#include <fmt/format.h>

#include <array>

#include "core/formats/recording_file.h"
#include "core/formats/recording_parts.h"
#include "core/plan/measurement_fields.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

std::string text_of_json(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string_view invalidity_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "correct";
    case Outcome::compile_failed:
      return "compile";
    case Outcome::wrong_result:
      return "correctness";
    case Outcome::timed_out:
      return "timeout";
    case Outcome::pruned:
      return "constraints";
    case Outcome::launch_failed:
    case Outcome::faulted:
      return "runtime";
  }
  return "runtime";
}

// Decimals are stored as texts, because the integers of other knobs are exact.
bool is_text(const Knob& knob) { return knob.kind == Knob::Kind::word || knob.below != 1; }

ordered_json value_of(const Knob& knob, std::int64_t value) {
  if (is_text(knob)) return knob.text(value);
  if (knob.kind == Knob::Kind::boolean) return value != 0;
  return value;
}

ordered_json knob_json(const Knob& knob) {
  constexpr std::array<const char*, 2> kinds{"integer", "boolean"};
  ordered_json values = ordered_json::array();
  for (const std::int64_t value : knob.values) values.push_back(value_of(knob, value));
  return {{"name", knob.name},
          {"kind", is_text(knob) ? "word" : kinds[static_cast<std::size_t>(knob.kind)]},
          {"doc", knob.doc},
          {"values", std::move(values)}};
}

ordered_json metadata_json(const Recording& r) {
  ordered_json block{{"version", 1}};
  each_field(recording_text_fields, [&](const auto& field) { block[field.name] = field.of(r); });
  block["protocol"] = r.protocol;
  block["l2"] = name_of(r.l2);
  block["device"] = device_block(r.device);
  for (const Knob& knob : r.knobs) block["knobs"].push_back(knob_json(knob));
  if (r.baseline) {
    block["baseline"] = {{"name", r.baseline->name},
                         {"version", r.baseline->version},
                         {"samples_ns", r.baseline->samples_ns}};
    if (r.baseline->energy_mj > 0) {
      block["baseline"]["energy_mj"] = r.baseline->energy_mj;
      block["baseline"]["mean_power_w"] = r.baseline->mean_power_w;
    }
  }
  return {{"timeunit", "milliseconds"}, {"tilewright", std::move(block)}};
}

// Converts to milliseconds, the unit of T4. Returns true if the conversion back gives the same
// nanoseconds.
bool to_ms(double ns, double& ms) {
  ms = times_ten_to(ns, -6);
  return times_ten_to(ms, 6) == ns;
}

void add_times(const RecordedTrial& trial, ordered_json& result) {
  const Measurement& m = trial.measurement;
  ordered_json times{{"compilation_time", m.compile_ms}};
  bool exact = true;
  ordered_json runtimes = ordered_json::array();
  for (const double sample : m.samples_ns) {
    double ms = 0;
    exact = to_ms(sample, ms) && exact;
    runtimes.push_back(ms);
  }
  if (!m.samples_ns.empty()) times["runtimes"] = std::move(runtimes);
  result["times"] = std::move(times);
  if (!exact) result["samples_ns"] = m.samples_ns;
}

ordered_json measurement_json(const std::string& name, const ordered_json& value,
                              const char* unit = "") {
  return {{"name", name}, {"value", value}, {"unit", unit}};
}

ordered_json result_json(const Recording& recording, const RecordedTrial& trial) {
  const Measurement& m = trial.measurement;
  ordered_json result{{"timestamp", trial.timestamp}};
  ordered_json& configuration = result["configuration"] = ordered_json::object();
  for (std::size_t i = 0; i < recording.knobs.size(); ++i) {
    const Knob& knob = recording.knobs[i];
    configuration[knob.name] = value_of(knob, trial.configuration[i]);
  }
  add_times(trial, result);
  result["invalidity"] = invalidity_of(m.outcome);
  result["correctness"] = m.outcome == Outcome::ok ? 1 : 0;
  ordered_json measurements = ordered_json::array();
  if (double ms = 0; trial.value_ns != 0) {
    if (!to_ms(trial.value_ns, ms)) result["value_ns"] = trial.value_ns;
    measurements.push_back(measurement_json("time", ms, "ms"));
  }
  each_field(measurement_number_fields, [&](const auto& field) {
    const auto value = field.of(m);
    if (value == field.of(Measurement{})) return;
    measurements.push_back(measurement_json(field.name, value));
  });
  for (const auto& [name, value] : m.metrics) measurements.push_back(measurement_json(name, value));
  result["measurements"] = std::move(measurements);
  result["objectives"] = {"time"};
  result["outcome"] = name_of(m.outcome);
  each_field(measurement_text_fields, [&](const auto& field) {
    const std::string& text = field.of(m);
    if (!text.empty()) result[field.name] = text;
  });
  return result;
}

}  // namespace

std::string recording_text(const Recording& recording) {
  std::string text = fmt::format("{{\"schema_version\":\"1.0.0\",\n\"metadata\":{},\n\"results\":[",
                                 text_of_json(metadata_json(recording)));
  const char* separator = "\n";
  for (const RecordedTrial& trial : recording.trials) {
    text += separator + text_of_json(result_json(recording, trial));
    separator = ",\n";
  }
  return text + "\n]}\n";
}

void write_recording(const Recording& recording, const std::string& path) {
  write_atomically(recording_text(recording), path);
}

}  // namespace tw
