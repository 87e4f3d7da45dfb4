// Reads T4 results: {"schema_version", "metadata", "results": [{"configuration", "times", ...}]}.
// Our files have a block metadata.tilewright, which says what was recorded, and extra fields in
// each result for what T4 cannot express. Files of others leave much out; the reader takes what
// they contain.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/formats/recording_parts.h"
#include "core/plan/measurement_fields.h"
#include "core/types/device_info_fields.h"

namespace tw {
namespace {

using nlohmann::json;

// Returns the exponent for which a number of the unit times 10^exponent is nanoseconds. Also
// accepts the misspellings of "milliseconds" that files have. An empty unit means `fallback`.
int exponent_of(const std::string& unit, int fallback, const Place& place) {
  if (unit.empty()) return fallback;
  if (unit == "ms" || unit.starts_with("mil")) return 6;
  if (unit == "s" || unit.starts_with("sec")) return 9;
  if (unit == "us" || unit.starts_with("mic")) return 3;
  if (unit == "ns" || unit.starts_with("nan")) return 0;
  place.fail(fmt::format("the time unit \"{}\" is unknown: s, ms, us or ns", unit));
}

Outcome outcome_of(const std::string& invalidity, const Place& place) {
  if (invalidity == "correct") return Outcome::ok;
  if (invalidity == "timeout") return Outcome::timed_out;
  if (invalidity == "compile") return Outcome::compile_failed;
  if (invalidity == "correctness") return Outcome::wrong_result;
  if (invalidity == "runtime" || invalidity == "constraints") return Outcome::launch_failed;
  place.fail(fmt::format("the invalidity \"{}\" is unknown", invalidity));
}

class Reader {
 public:
  Reader(const Place& document, Recording& recording) : recording_(recording), ours_(false) {
    if (!document.has("metadata")) return;
    const Place metadata = document.at("metadata").object();
    unit_exponent_ = exponent_of(metadata.text_or("timeunit", ""), 6, metadata);
    ours_ = metadata.has("tilewright");
    if (ours_) read_metadata(metadata.at("tilewright"));
  }

  bool ours() const { return ours_; }
  RecordedTrial trial(const Place& result) const;
  // Reads a configuration with the knobs of the metadata.
  Configuration configuration(const Place& values) const;

 private:
  void read_metadata(const Place& block);
  void read_knob(const Place& block);
  void read_device(const Place& block);
  void read_measurements(const Place& result, RecordedTrial& trial) const;
  void read_samples(const Place& result, RecordedTrial& trial) const;

  Recording& recording_;
  bool ours_;
  int unit_exponent_ = 6;
  std::vector<std::unordered_map<std::string, std::int64_t>> word_values_;  // one map for each knob
};

void Reader::read_metadata(const Place& block) {
  block.object();
  if (block.integer_or("version", 1) > 1) {
    block.fail("was written by a newer tilewright: upgrade tilewright, or record it again");
  }
  Recording& r = recording_;
  each_field(recording_text_fields,
             [&](const auto& field) { field.of(r) = block.text_or(field.name, field.of(r)); });
  block.at("op");  // empty in recordings of others' kernels
  r.protocol = static_cast<int>(block.integer_or("protocol", protocol_version));
  if (block.has("l2")) {
    const auto l2 = parse_l2(block.at("l2").text());
    if (!l2) block.at("l2").fail("is neither cold nor warm");
    r.l2 = *l2;
  }
  const Place knobs = block.at("knobs");
  for (std::size_t i = 0; i < knobs.array().size(); ++i) read_knob(knobs.element(i));
  if (block.has("device")) read_device(block.at("device"));
  if (!block.has("baseline")) return;
  const Place baseline = block.at("baseline");
  r.baseline = {baseline.at("name").text(), baseline.text_or("version", ""),
                baseline.at("samples_ns").numbers(), baseline.number_or("energy_mj", 0),
                baseline.number_or("mean_power_w", 0)};
}

void Reader::read_knob(const Place& block) {
  Knob knob;
  knob.name = block.at("name").text();
  if (!is_identifier(knob.name)) block.fail("its name is no identifier");
  const auto has_name = [&](const Knob& other) { return other.name == knob.name; };
  if (std::any_of(recording_.knobs.begin(), recording_.knobs.end(), has_name)) {
    block.fail("its name is that of another");
  }
  knob.doc = block.text_or("doc", "");
  const std::string kind = block.at("kind").text();
  const Place values = block.at("values");
  std::unordered_map<std::string, std::int64_t> words;
  std::unordered_set<std::int64_t> numbers;
  for (std::size_t i = 0; i < values.array().size(); ++i) {
    const Place value = values.element(i);
    std::int64_t number = static_cast<std::int64_t>(i);
    if (kind == "word") {
      knob.words.push_back(value.text());
      if (!words.emplace(value.text(), number).second) values.fail("has one twice");
    } else if (kind == "boolean") {
      if (!value.json().is_boolean()) value.fail("is neither true nor false");
      number = value.json().get<bool>();
    } else {
      number = value.integer();
    }
    if (!numbers.insert(number).second) values.fail("has one twice");
    knob.values.push_back(number);
  }
  if (knob.values.empty() || knob.values.size() > 65535) values.fail("needs 1 to 65535 values");
  if (kind != "word" && kind != "boolean" && kind != "integer") {
    block.fail("its kind is none of integer, boolean, word");
  }
  knob.kind = kind == "word"      ? Knob::Kind::word
              : kind == "boolean" ? Knob::Kind::boolean
                                  : Knob::Kind::integer;
  recording_.knobs.push_back(std::move(knob));
  word_values_.push_back(std::move(words));
}

void Reader::read_device(const Place& block) {
  block.object();
  each_field(device_fields, [&](const auto& field) {
    auto& value = field.of(recording_.device);
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, DeviceKind>) {
      value = device_kind_of(block.text_or(field.name, ""));
    } else if constexpr (std::is_same_v<Value, std::string>) {
      value = block.text_or(field.name, "");
    } else if constexpr (std::is_floating_point_v<Value>) {
      value = block.number_or(field.name, 0);
    } else {
      value = static_cast<Value>(block.integer_or(field.name, 0));
    }
  });
}

Configuration Reader::configuration(const Place& values) const {
  Configuration configuration;
  if (values.object().json().size() != recording_.knobs.size()) {
    values.fail("does not have the knobs that the metadata lists");
  }
  for (std::size_t i = 0; i < recording_.knobs.size(); ++i) {
    const Knob& knob = recording_.knobs[i];
    const Place value = values.at(knob.name.c_str());
    std::int64_t number = 0;
    if (knob.kind == Knob::Kind::word) {
      const auto found = word_values_[i].find(value.text());
      if (found == word_values_[i].end()) value.fail("is no value that the metadata lists");
      number = found->second;
    } else {
      number = value.json().is_boolean() ? value.json().get<bool>() : value.integer();
      if (std::find(knob.values.begin(), knob.values.end(), number) == knob.values.end()) {
        value.fail("is no value that the metadata lists");
      }
    }
    configuration.push_back(number);
  }
  return configuration;
}

// Sets the field of this name. Returns false if there is none.
bool set_number(Measurement& measurement, const std::string& name, const Place& value) {
  bool found = false;
  each_field(measurement_number_fields, [&](const auto& field) {
    if (name != field.name) return;
    found = true;
    auto& number = field.of(measurement);
    using Value = std::decay_t<decltype(number)>;
    if constexpr (std::is_floating_point_v<Value>) {
      number = value.number();
    } else {
      number = static_cast<Value>(value.integer());
    }
  });
  return found;
}

// Reads the value of the objective and the other measurements. In our files some of these are
// fields of Measurement.
void Reader::read_measurements(const Place& result, RecordedTrial& trial) const {
  if (!result.has("measurements")) return;
  Measurement& m = trial.measurement;
  const Place list = result.at("measurements");
  for (std::size_t i = 0; i < list.array().size(); ++i) {
    const Place entry = list.element(i);
    const std::string& name = entry.at("name").text();
    const Place value = entry.at("value");
    if (!value.json().is_number()) {
      // The name of an error instead of a time: "RuntimeFailedConfig".
      if (value.json().is_string() && m.note.empty()) m.note = "recorded as " + value.text();
      if (name == "time" && m.outcome == Outcome::ok) m.outcome = Outcome::launch_failed;
      continue;
    }
    if (name == "time") {
      trial.value_ns = times_ten_to(value.number(),
                                    exponent_of(entry.text_or("unit", ""), unit_exponent_, entry));
    } else if (!ours_ || !set_number(m, name, value)) {
      m.metrics[name] = value.number();
    }
  }
}

void Reader::read_samples(const Place& result, RecordedTrial& trial) const {
  Measurement& m = trial.measurement;
  if (ours_ && result.has("samples_ns")) {
    m.samples_ns = result.at("samples_ns").numbers();
  } else if (result.has("times") && result.at("times").has("runtimes")) {
    m.samples_ns = result.at("times").at("runtimes").numbers();
    for (double& sample : m.samples_ns) sample = times_ten_to(sample, unit_exponent_);
  }
  if (ours_) trial.value_ns = result.number_or("value_ns", trial.value_ns);
  if (m.outcome != Outcome::ok) return;
  if (trial.value_ns == 0 && !m.samples_ns.empty()) {
    for (const double sample : m.samples_ns) trial.value_ns += sample;
    trial.value_ns /= static_cast<double>(m.samples_ns.size());
  }
  if (!(trial.value_ns > 0)) result.fail("is correct, but has no positive time");
  if (m.samples_ns.empty()) m.samples_ns = {trial.value_ns};
}

RecordedTrial Reader::trial(const Place& result) const {
  RecordedTrial trial;
  Measurement& m = trial.measurement;
  trial.timestamp = result.text_or("timestamp", "");
  m.timer = "replay";
  if (ours_) {
    each_field(measurement_text_fields,
               [&](const auto& field) { field.of(m) = result.text_or(field.name, ""); });
  }
  if (result.has("invalidity")) m.outcome = outcome_of(result.at("invalidity").text(), result);
  if (ours_ && result.has("outcome")) {
    const auto outcome = parse_outcome(result.at("outcome").text());
    if (!outcome) result.at("outcome").fail("is unknown");
    m.outcome = *outcome;
  }
  read_measurements(result, trial);
  read_samples(result, trial);
  if (m.outcome != Outcome::ok && !ours_) {
    m.samples_ns.clear();
    trial.value_ns = 0;
    if (m.note.empty()) m.note = "recorded as " + result.text_or("invalidity", "failed");
  }
  if (!result.has("times")) return trial;
  const Place times = result.at("times").object();
  for (const char* name : {"compilation_time", "compilation"}) {
    if (!times.has(name)) continue;
    m.compile_ms = times_ten_to(times.at(name).number(), unit_exponent_ - 6);
    break;
  }
  return trial;
}

}  // namespace

Recording parse_t4(const Place& document, const std::vector<std::string>& first_configuration) {
  Recording recording;
  Reader reader(document, recording);
  const Place results = document.at("results");
  const std::size_t count = results.array().size();
  if (count == 0) results.fail("is empty: there is nothing to replay");
  if (first_configuration.empty() && !reader.ours()) results.fail("have no parameters");
  recording.trials.reserve(count);
  ForeignTable table(first_configuration);
  for (std::size_t i = 0; i < count; ++i) {
    const Place result = results.element(i);
    const Place values = result.at("configuration").object();
    recording.trials.push_back(reader.trial(result));
    if (reader.ours()) {
      recording.trials.back().configuration = reader.configuration(values);
      continue;
    }
    if (values.json().size() != first_configuration.size()) {
      values.fail("does not have the parameters of the first one");
    }
    for (const std::string& name : first_configuration) table.add(values.at(name.c_str()).json());
  }
  if (reader.ours()) {
    drop_repeated(recording.trials);
  } else {
    table.finish(recording, document);
  }
  return recording;
}

}  // namespace tw
