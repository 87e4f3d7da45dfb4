// Serialises jobs and results as CBOR objects with a version. A message comes from another process,
// so nothing in it is trusted.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/cbor_fields.h"
#include "core/base/error.h"
#include "core/plan/job.h"
#include "core/plan/measurement_fields.h"
#include "core/plan/plan_cbor.h"

namespace tw {
namespace {

using namespace cbor;

constexpr int version = 6;
constexpr std::size_t max_bytes = 64u << 20;

json to_json(const SampleLimits& limits) {
  return {{"min_samples", limits.min_samples}, {"max_samples", limits.max_samples},
          {"max_ms", limits.max_ms},           {"relative_interval", limits.relative_interval},
          {"cold_l2", limits.cold_l2},         {"timeout_ms", limits.timeout_ms},
          {"energy_ms", limits.energy_ms}};
}

SampleLimits limits_from(const json& object) {
  SampleLimits limits;
  limits.min_samples = integer<int>(object, "min_samples", 0);
  limits.max_samples = integer<int>(object, "max_samples", 0);
  limits.max_ms = real(object, "max_ms");
  limits.relative_interval = real(object, "relative_interval");
  limits.cold_l2 = boolean(object, "cold_l2");
  limits.timeout_ms = real(object, "timeout_ms");
  limits.energy_ms = real(object, "energy_ms");
  return limits;
}

json to_json(const Measurement& measurement) {
  json object;
  each_field(measurement_fields, [&](const auto& field) {
    const auto& value = field.of(measurement);
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Outcome>) {
      object[field.name] = name_of(value);
    } else {
      object[field.name] = value;
    }
  });
  return object;
}

void read(const json& object, const char* key, std::string& value) { value = text(object, key); }
void read(const json& object, const char* key, int& value) { value = integer<int>(object, key); }
void read(const json& object, const char* key, std::int64_t& value) {
  value = integer(object, key);
}
void read(const json& object, const char* key, double& value) { value = real(object, key); }
void read(const json& object, const char* key, std::vector<double>& value) {
  value = list(object, key, real_from);
}
void read(const json& object, const char* key, std::map<std::string, double>& value) {
  const json& map = at(object, key);
  if (!map.is_object()) malformed(fmt::format("'{}' is not an object", key));
  for (const auto& [name, number] : map.items()) value[name] = real_from(number);
}
void read(const json& object, const char* key, Outcome& value) {
  const auto outcome = parse_outcome(text(object, key));
  if (!outcome) malformed("an outcome");
  value = *outcome;
}

Measurement measurement_from(const json& object) {
  Measurement measurement;
  each_field(measurement_fields,
             [&](const auto& field) { read(object, field.name, field.of(measurement)); });
  return measurement;
}

json parse_message(const std::string& bytes, std::string_view what) {
  if (bytes.size() > max_bytes) malformed("more than 64 MiB");
  json message = tree_of(bytes);
  if (integer<int>(message, "version") != version) malformed("another version");
  if (text(message, "what") != what) malformed("of another kind");
  return message;
}

}  // namespace

std::string serialise(const Job& job) {
  PartsSent parts;
  return serialise(job, parts);
}

std::string serialise(const Job& job, PartsSent& parts) {
  json args = json::array();
  for (const auto& [word, arg] : job.baseline_args) args.push_back({word, to_json(arg)});
  json message = {{"version", version},
                  {"what", "job"},
                  {"id", job.id},
                  {"purpose", static_cast<int>(job.purpose)},
                  {"problem", job.problem},
                  {"kernel", job.kernel},
                  {"configuration", job.configuration},
                  {"plan", to_json(job.plan, parts)},
                  {"library", job.baseline.library},
                  {"call", job.baseline.call},
                  {"baseline_args", std::move(args)},
                  {"incumbent_ns", job.incumbent_ns},
                  {"limits", to_json(job.limits)},
                  {"seed", job.seed},
                  {"math", job.math},
                  {"without_epilogue", job.without_epilogue}};
  parts.complete(message);
  return bytes_of(message);
}

Job parse_job(const std::string& bytes) {
  PartsReceived parts;
  return parse_job(bytes, parts);
}

Job parse_job(const std::string& bytes, PartsReceived& parts) {
  const json message = parse_message(bytes, "job");
  parts.take(message);
  Job job;
  job.id = identifier(message, "id");
  job.purpose = static_cast<Purpose>(
      integer<int>(message, "purpose", 0, static_cast<int>(Purpose::counters)));
  job.problem = text(message, "problem");
  job.kernel = text(message, "kernel");
  job.configuration = text(message, "configuration");
  job.plan = plan_from(at(message, "plan"), parts);
  job.baseline.library = text(message, "library");
  job.baseline.call = text(message, "call");
  for (const json& pair : array(message, "baseline_args")) {
    if (!pair.is_array() || pair.size() != 2) malformed("a baseline's argument");
    job.baseline_args.emplace_back(text_from(pair[0]),
                                   arg_from(pair[1], job.plan.problem->tensors.size(), 0));
  }
  job.incumbent_ns = real(message, "incumbent_ns");
  job.limits = limits_from(at(message, "limits"));
  job.seed = identifier(message, "seed");
  job.math = text(message, "math");
  job.without_epilogue = boolean(message, "without_epilogue");
  return job;
}

std::string serialise(const Finished& finished) {
  return bytes_of({{"version", version},
                   {"what", "finished"},
                   {"id", finished.id},
                   {"measurement", to_json(finished.measurement)}});
}

Finished parse_finished(const std::string& bytes) {
  const json message = parse_message(bytes, "finished");
  Finished finished;
  finished.id = identifier(message, "id");
  finished.measurement = measurement_from(at(message, "measurement"));
  return finished;
}

}  // namespace tw
