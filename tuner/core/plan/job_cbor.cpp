// Serialises jobs and results as CBOR objects with a version. A message comes from another process,
// so nothing in it is trusted: sizes, ranges and indices are checked.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/cbor_fields.h"
#include "core/base/error.h"
#include "core/plan/job.h"
#include "core/plan/measurement_fields.h"

namespace tw {
namespace {

using namespace cbor;

constexpr int version = 4;
constexpr std::size_t max_bytes = 64u << 20;

json to_json(const TensorMapShape& map) {
  return {{"rank", map.rank},       {"element_bytes", map.element_bytes},
          {"swizzle", map.swizzle}, {"tf32", map.tf32},
          {"im2col", map.im2col},   {"extents", map.extents},
          {"strides", map.strides}, {"box", map.box},
          {"lower", map.lower},     {"upper", map.upper},
          {"steps", map.steps}};
}

TensorMapShape tensor_map_from(const json& object) {
  TensorMapShape map;
  map.rank = integer<int>(object, "rank", 1, TensorMapShape::max_rank);
  map.element_bytes = integer<int>(object, "element_bytes", 1, 8);
  map.swizzle = integer<int>(object, "swizzle", 0, 128);
  map.tf32 = boolean(object, "tf32");
  map.im2col = boolean(object, "im2col");
  read_values(object, "extents", map.extents, 0, std::int64_t{1} << 32);
  read_values(object, "strides", map.strides, 0, std::int64_t{1} << 40);
  read_values(object, "box", map.box, 0, 1024);
  read_values(object, "lower", map.lower, -128, 127);
  read_values(object, "upper", map.upper, -128, 127);
  read_values(object, "steps", map.steps, 0, 8);
  return map;
}

json to_json(const PlanArg& arg) {
  json object = {{"kind", static_cast<int>(arg.kind)},
                 {"index", arg.index},
                 {"value", arg.value},
                 {"scalar", arg.scalar}};
  if (arg.kind == ArgSpec::Kind::tensor_map) object["map"] = to_json(arg.map);
  return object;
}

// `tensors` and `workspaces` are the numbers of them in the plan.
PlanArg arg_from(const json& object, std::size_t tensors, std::size_t workspaces) {
  using Kind = ArgSpec::Kind;
  PlanArg arg;
  arg.kind = static_cast<Kind>(integer<int>(object, "kind", 0, static_cast<int>(Kind::pointers)));
  arg.index = integer<int>(object, "index");
  arg.value = integer(object, "value");
  arg.scalar = real(object, "scalar");
  if (arg.kind == Kind::tensor_map) arg.map = tensor_map_from(at(object, "map"));
  const bool of_tensor = arg.kind == Kind::tensor || arg.kind == Kind::expected ||
                         arg.kind == Kind::magnitude || arg.kind == Kind::tensor_map ||
                         arg.kind == Kind::pointers;
  const std::size_t count = of_tensor                     ? tensors
                            : arg.kind == Kind::workspace ? workspaces
                                                          : std::size_t{1};
  if (arg.index < 0 || static_cast<std::size_t>(arg.index) >= count) malformed("an index");
  return arg;
}

json to_json(const PlanLaunch& launch) {
  return {{"entry", launch.entry},
          {"grid", launch.grid},
          {"block", launch.block},
          {"cluster", launch.cluster},
          {"smem", launch.smem_bytes},
          {"args", listed(launch.args, [](const PlanArg& arg) { return to_json(arg); })}};
}

PlanLaunch launch_from(const json& object, const Program& program, std::size_t tensors,
                       std::size_t workspaces) {
  PlanLaunch launch;
  launch.entry =
      integer<int>(object, "entry", 0, static_cast<std::int64_t>(program.entries.size()) - 1);
  launch.grid = extent(object, "grid");
  launch.block = extent(object, "block");
  launch.cluster = extent(object, "cluster");
  launch.smem_bytes = integer(object, "smem", 0, INT32_MAX);
  launch.args =
      list(object, "args", [&](const json& arg) { return arg_from(arg, tensors, workspaces); });
  return launch;
}

json to_json(const Program& program) {
  return {{"text", program.text},       {"headers", program.headers},
          {"entries", program.entries}, {"as_given", program.as_given},
          {"defines", program.defines}, {"options", program.options}};
}

Program program_from(const json& object) {
  Program program;
  program.text = text(object, "text");
  const json& headers = at(object, "headers");
  if (!headers.is_object()) malformed("'headers' is not an object");
  for (const auto& [path, content] : headers.items()) program.headers[path] = text_from(content);
  program.entries = list(object, "entries", [](const json& e) { return text_from(e); });
  program.as_given = boolean(object, "as_given");
  program.defines = list(object, "defines", [](const json& d) { return text_from(d); });
  if (object.contains("options")) {
    program.options = list(object, "options", [](const json& o) { return text_from(o); });
  }
  return program;
}

json to_json(const PlanTensor& tensor) {
  json object{{"name", tensor.name},
              {"role", static_cast<int>(tensor.role)},
              {"dtype", name_of(tensor.dtype)},
              {"shape", tensor.layout.shape},
              {"strides", tensor.layout.strides},
              {"elements", tensor.layout.elements},
              {"is_read", tensor.is_read},
              {"by_pointers", tensor.by_pointers},
              {"sign", tensor.second.sign},
              {"scale", tensor.second.scale},
              {"infinities", tensor.second.infinities}};
  if (tensor.tolerance) object["tolerance"] = *tensor.tolerance;
  if (tensor.range) object["range"] = {tensor.range->low, tensor.range->high};
  return object;
}

DType dtype_from(const json& object, const char* key) {
  const auto dtype = parse_dtype(text(object, key));
  if (!dtype) malformed("a dtype");
  return *dtype;
}

IntegerRange range_from(const json& value, DType dtype) {
  if (!is_integer(dtype) || !value.is_array() || value.size() != 2) malformed("a range");
  const IntegerRange limits = limits_of(dtype);
  const IntegerRange range{integer_from(value[0], limits.low, limits.high),
                           integer_from(value[1], limits.low, limits.high)};
  if (range.low > range.high) malformed("a range");
  return range;
}

PlanTensor tensor_from(const json& object) {
  constexpr std::int64_t max_elements = std::int64_t{1} << 40;
  const auto size = [](const json& value) { return integer_from(value, 0, max_elements); };
  PlanTensor tensor;
  tensor.name = text(object, "name");
  tensor.role = static_cast<Role>(integer<int>(object, "role", 0, static_cast<int>(Role::inout)));
  tensor.dtype = dtype_from(object, "dtype");
  tensor.layout.shape = list(object, "shape", size);
  tensor.layout.strides = list(object, "strides", size);
  if (tensor.layout.shape.size() != tensor.layout.strides.size()) malformed("a layout");
  tensor.layout.elements = integer(object, "elements", 0, max_elements);
  // Code that walks the tensor must stay inside it.
  std::int64_t last = 0;
  for (std::size_t i = 0; i < tensor.layout.shape.size(); ++i) {
    const std::int64_t stride = tensor.layout.strides[i], steps = tensor.layout.shape[i] - 1;
    if (steps < 0 || (stride > 0 && steps > (max_elements - last) / stride)) malformed("a layout");
    last += steps * stride;
  }
  if (tensor.layout.elements != last + 1) malformed("a layout");
  tensor.is_read = boolean(object, "is_read");
  tensor.by_pointers = boolean(object, "by_pointers");
  tensor.second.sign = integer<int>(object, "sign", -1, 1);
  tensor.second.scale = static_cast<float>(real(object, "scale"));
  tensor.second.infinities = boolean(object, "infinities");
  if (object.contains("tolerance")) tensor.tolerance = real(object, "tolerance");
  if (object.contains("range")) tensor.range = range_from(at(object, "range"), tensor.dtype);
  if (tensor.by_pointers &&
      (tensor.layout.shape.empty() || tensor.layout.shape.front() > INT32_MAX)) {
    malformed("a layout");
  }
  return tensor;
}

json to_json(const PlanWorkspace& workspace) {
  return {{"bytes", workspace.bytes}, {"init", static_cast<int>(workspace.init)}};
}

PlanWorkspace workspace_from(const json& object) {
  using Init = WorkspaceSpec::Init;
  return {integer(object, "bytes", 0),
          static_cast<Init>(integer<int>(object, "init", 0, static_cast<int>(Init::zero_each)))};
}

json to_json(const OraclePlan& oracle) {
  return {
      {"kind", static_cast<int>(oracle.kind)},
      {"program", to_json(oracle.program)},
      {"launches", listed(oracle.launches, [](const PlanLaunch& l) { return to_json(l); })},
      {"workspaces", listed(oracle.workspaces, [](const PlanWorkspace& w) { return to_json(w); })}};
}

OraclePlan oracle_from(const json& object, std::size_t tensors) {
  using Kind = OraclePlan::Kind;
  OraclePlan oracle;
  oracle.kind =
      static_cast<Kind>(integer<int>(object, "kind", 0, static_cast<int>(Kind::configuration)));
  oracle.program = program_from(at(object, "program"));
  oracle.workspaces = list(object, "workspaces", workspace_from);
  oracle.launches = list(object, "launches", [&](const json& launch) {
    return launch_from(launch, oracle.program, tensors, oracle.workspaces.size());
  });
  if (oracle.kind != Kind::none && oracle.launches.empty()) malformed("an oracle");
  return oracle;
}

// The storage of a plan that does not state another one.
DType first_dtype(const Plan& plan) {
  return plan.tensors.empty() ? DType::f32 : plan.tensors.front().dtype;
}

json to_json(const Plan& plan) {
  json object{
      {"program", to_json(plan.program)},
      {"launches", listed(plan.launches, [](const PlanLaunch& l) { return to_json(l); })},
      {"tensors", listed(plan.tensors, [](const PlanTensor& t) { return to_json(t); })},
      {"workspaces", listed(plan.workspaces, [](const PlanWorkspace& w) { return to_json(w); })},
      {"epilogue_extents", plan.epilogue_extents},
      {"epilogue_scalars", plan.epilogue_scalars},
      {"align", plan.align},
      {"tolerance", plan.tolerance},
      {"oracle", to_json(plan.oracle)},
      {"plain", listed(plan.plain, [](const Plan& plain) { return to_json(plain); })}};
  if (plan.storage != first_dtype(plan)) object["storage"] = name_of(plan.storage);
  return object;
}

Plan plan_from(const json& object) {
  Plan plan;
  plan.program = program_from(at(object, "program"));
  plan.tensors = list(object, "tensors", tensor_from);
  plan.workspaces = list(object, "workspaces", workspace_from);
  plan.storage = object.contains("storage") ? dtype_from(object, "storage") : first_dtype(plan);
  const std::size_t tensors = plan.tensors.size(), workspaces = plan.workspaces.size();
  plan.launches = list(object, "launches", [&](const json& launch) {
    return launch_from(launch, plan.program, tensors, workspaces);
  });
  plan.epilogue_extents = list(object, "epilogue_extents", [](const json& value) {
    return integer_from(value, 0, std::int64_t{1} << 40);
  });
  plan.epilogue_scalars = list(object, "epilogue_scalars", [](const json& value) {
    return static_cast<float>(real_from(value));
  });
  plan.align = integer(object, "align", 1, 4096);
  plan.tolerance = real(object, "tolerance");
  plan.oracle = oracle_from(at(object, "oracle"), tensors);
  plan.plain = list(object, "plain", plan_from);
  if (plan.plain.size() > 1) malformed("two plain plans");
  return plan;
}

json to_json(const SampleLimits& limits) {
  return {{"min_samples", limits.min_samples}, {"max_samples", limits.max_samples},
          {"max_ms", limits.max_ms},           {"relative_interval", limits.relative_interval},
          {"cold_l2", limits.cold_l2},         {"timeout_ms", limits.timeout_ms}};
}

SampleLimits limits_from(const json& object) {
  SampleLimits limits;
  limits.min_samples = integer<int>(object, "min_samples", 0);
  limits.max_samples = integer<int>(object, "max_samples", 0);
  limits.max_ms = real(object, "max_ms");
  limits.relative_interval = real(object, "relative_interval");
  limits.cold_l2 = boolean(object, "cold_l2");
  limits.timeout_ms = real(object, "timeout_ms");
  return limits;
}

json to_json(const Measurement& measurement) {
  json object;
  each_field(measurement_fields, [&](const auto& field) {
    const auto& value = measurement.*field.member;
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
             [&](const auto& field) { read(object, field.name, measurement.*field.member); });
  return measurement;
}

std::string bytes_of(const json& message) {
  std::string bytes;
  json::to_cbor(message, nlohmann::detail::output_adapter<char>(bytes));
  return bytes;
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
  json args = json::array();
  for (const auto& [word, arg] : job.baseline_args) args.push_back({word, to_json(arg)});
  return bytes_of({{"version", version},
                   {"what", "job"},
                   {"id", job.id},
                   {"purpose", static_cast<int>(job.purpose)},
                   {"problem", job.problem},
                   {"kernel", job.kernel},
                   {"configuration", job.configuration},
                   {"plan", to_json(job.plan)},
                   {"library", job.baseline.library},
                   {"call", job.baseline.call},
                   {"baseline_args", std::move(args)},
                   {"incumbent_ns", job.incumbent_ns},
                   {"limits", to_json(job.limits)},
                   {"seed", job.seed},
                   {"math", job.math},
                   {"without_epilogue", job.without_epilogue}});
}

Job parse_job(const std::string& bytes) {
  const json message = parse_message(bytes, "job");
  Job job;
  job.id = identifier(message, "id");
  job.purpose = static_cast<Purpose>(
      integer<int>(message, "purpose", 0, static_cast<int>(Purpose::counters)));
  job.problem = text(message, "problem");
  job.kernel = text(message, "kernel");
  job.configuration = text(message, "configuration");
  job.plan = plan_from(at(message, "plan"));
  job.baseline.library = text(message, "library");
  job.baseline.call = text(message, "call");
  for (const json& pair : array(message, "baseline_args")) {
    if (!pair.is_array() || pair.size() != 2) malformed("a baseline's argument");
    job.baseline_args.emplace_back(text_from(pair[0]),
                                   arg_from(pair[1], job.plan.tensors.size(), 0));
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
