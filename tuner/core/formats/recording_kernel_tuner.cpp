// Reads Kernel Tuner's cache files: {"tune_params_keys": [...], "tune_params": {...}, "cache":
// {"16,8": {...}}}. Times are in milliseconds. A configuration that failed has the name of the
// error instead of a time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "core/base/error.h"
#include "core/formats/recording_parts.h"

namespace tw {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 8> own_members{
    "time",           "times",         "compile_time",   "verification_time",
    "benchmark_time", "strategy_time", "framework_time", "timestamp"};

Outcome outcome_of(std::string_view error) {
  if (error.find("ompil") != error.npos) return Outcome::compile_failed;
  if (error.find("orrect") != error.npos || error.find("erif") != error.npos) {
    return Outcome::wrong_result;
  }
  if (error.find("imeout") != error.npos) return Outcome::timed_out;
  return Outcome::launch_failed;  // RuntimeFailedConfig, InvalidConfig
}

// Returns the name of the error if there is one instead of a time. Old versions wrote 1e20 instead.
std::string error_of(const Place& entry) {
  if (entry.has("__error__")) return entry.at("__error__").text();
  const Place time = entry.at("time");
  if (time.json().is_string()) return time.text();
  return time.number() >= 1e20 ? "InvalidConfig" : "";
}

RecordedTrial read_entry(const Place& entry, const std::vector<std::string>& names) {
  RecordedTrial trial;
  trial.timestamp = entry.text_or("timestamp", "");
  Measurement& measurement = trial.measurement;
  measurement.timer = "replay";
  if (entry.has("compile_time") && entry.at("compile_time").json().is_number()) {
    measurement.compile_ms = entry.at("compile_time").number();
  }
  if (const std::string error = error_of(entry); !error.empty()) {
    measurement.outcome = outcome_of(error);
    measurement.note = "recorded as " + error;
    return trial;
  }
  const double time_ms = entry.at("time").number();
  if (time_ms <= 0) entry.at("time").fail("is not positive");
  trial.value_ns = times_ten_to(time_ms, 6);
  if (entry.has("times")) measurement.samples_ns = entry.at("times").numbers();
  for (double& sample : measurement.samples_ns) sample = times_ten_to(sample, 6);
  if (measurement.samples_ns.empty()) measurement.samples_ns = {trial.value_ns};
  for (const auto& [name, value] : entry.json().items()) {
    const auto is_name = [&name = name](std::string_view other) { return other == name; };
    if (!value.is_number() || std::any_of(own_members.begin(), own_members.end(), is_name) ||
        std::any_of(names.begin(), names.end(), is_name)) {
      continue;
    }
    measurement.metrics[name] = value.get<double>();
  }
  return trial;
}

// Returns the values in the key of an entry, "16,8,true", for files whose entries do not repeat
// them.
std::vector<json> split_key(const std::string& key, const Place& entry, std::size_t wanted) {
  std::vector<json> values;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t comma = std::min(key.find(',', at), key.size());
    const std::string part = key.substr(at, comma - at);
    json value = json::parse(part, nullptr, false);
    values.push_back(value.is_discarded() ? json(part) : std::move(value));
    at = comma + 1;
  }
  if (values.size() != wanted) {
    entry.fail(fmt::format("its key has {} values for {} parameters", values.size(), wanted));
  }
  return values;
}

}  // namespace

Recording parse_kernel_tuner(const Place& document) {
  std::vector<std::string> names;
  const Place keys = document.at("tune_params_keys");
  for (std::size_t i = 0; i < keys.array().size(); ++i) names.push_back(keys.element(i).text());
  if (names.empty()) keys.fail("is empty");

  Recording recording;
  recording.name = document.text_or("kernel_name", "");
  recording.device.model = document.text_or("device_name", "");
  ForeignTable table(names);
  if (document.has("tune_params")) {
    const Place offered = document.at("tune_params").object();
    for (std::size_t column = 0; column < names.size(); ++column) {
      if (!offered.has(names[column].c_str())) continue;
      for (const json& value : offered.at(names[column].c_str()).array()) {
        table.offer(column, value);
      }
    }
  }
  const Place cache = document.at("cache").object();
  std::deque<json> from_keys;  // a deque: elements must not move while the table refers to them
  for (const auto& [key, value] : cache.json().items()) {
    const Place entry = cache.at(key.c_str()).object();
    recording.trials.push_back(read_entry(entry, names));
    std::vector<json> parts;
    for (std::size_t column = 0; column < names.size(); ++column) {
      const auto member = value.find(names[column]);
      if (member == value.end() && parts.empty()) parts = split_key(key, entry, names.size());
      table.add(member == value.end() ? from_keys.emplace_back(parts[column]) : *member);
    }
  }
  if (recording.trials.empty()) cache.fail("is empty: there is nothing to replay");
  table.finish(recording, document);
  return recording;
}

}  // namespace tw
