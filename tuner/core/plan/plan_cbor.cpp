// The CBOR of plans. A plan comes from another process, so nothing in it is trusted: sizes, ranges
// and indices are checked.
#include "core/plan/plan_cbor.h"

#include <bit>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "core/base/cbor_fields.h"

namespace tw {
namespace {

using namespace cbor;

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

}  // namespace

json to_json(const PlanArg& arg) {
  json object = {{"kind", static_cast<int>(arg.kind)},
                 {"index", arg.index},
                 {"value", arg.value},
                 {"scalar", arg.scalar}};
  if (arg.kind == ArgSpec::Kind::tensor_map) object["map"] = to_json(arg.map);
  if (arg.structure > 0) object["structure"] = arg.structure;
  if (arg.kind == ArgSpec::Kind::number) object["bytes"] = arg.bytes;
  return object;
}

// `tensors` and `workspaces` are the numbers of them in the plan.
PlanArg arg_from(const json& object, std::size_t tensors, std::size_t workspaces) {
  using Kind = ArgSpec::Kind;
  PlanArg arg;
  arg.kind = static_cast<Kind>(integer<int>(object, "kind", 0, static_cast<int>(Kind::number)));
  arg.index = integer<int>(object, "index");
  arg.value = integer(object, "value");
  arg.scalar = real(object, "scalar");
  if (arg.kind == Kind::tensor_map) arg.map = tensor_map_from(at(object, "map"));
  if (object.contains("structure")) {
    const bool is_member = arg.kind != Kind::tensor_map && arg.kind != Kind::epilogue;
    arg.structure = integer<int>(object, "structure", 1, 1000);
    if (!is_member) malformed("a struct");
  }
  if (arg.kind == Kind::number) {
    arg.bytes = integer<int>(object, "bytes", 1, 8);
    if (!std::has_single_bit(static_cast<unsigned>(arg.bytes))) malformed("a number");
  }
  const bool of_tensor = arg.kind == Kind::tensor || arg.kind == Kind::expected ||
                         arg.kind == Kind::magnitude || arg.kind == Kind::tensor_map ||
                         arg.kind == Kind::pointers;
  const std::size_t count = of_tensor                     ? tensors
                            : arg.kind == Kind::workspace ? workspaces
                                                          : std::size_t{1};
  if (arg.index < 0 || static_cast<std::size_t>(arg.index) >= count) malformed("an index");
  return arg;
}

json to_json(const Program& program, PartsSent& parts) {
  json headers = json::object();
  for (const auto& [path, text] : program.headers) headers[path] = parts.name(text);
  return {{"text", program.text},         {"headers", std::move(headers)},
          {"entries", program.entries},   {"symbols", program.symbols},
          {"as_given", program.as_given}, {"defines", program.defines},
          {"options", program.options}};
}

Program program_from(const json& object, const PartsReceived& parts) {
  Program program;
  program.text = text(object, "text");
  const json& headers = at(object, "headers");
  if (!headers.is_object()) malformed("'headers' is not an object");
  for (const auto& [path, name] : headers.items()) {
    program.headers[path] = parts.at(text_from(name));
  }
  program.entries = list(object, "entries", [](const json& e) { return text_from(e); });
  program.symbols = list(object, "symbols", [](const json& e) { return text_from(e); });
  program.as_given = boolean(object, "as_given");
  program.defines = list(object, "defines", [](const json& d) { return text_from(d); });
  program.options = list(object, "options", [](const json& o) { return text_from(o); });
  return program;
}

namespace {

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

// The digest stands for all of a file that its size does not tell.
json to_json(const ArrayFile& file) {
  return {
      {"path", file.path}, {"digest", file.digest}, {"offset", file.offset}, {"bytes", file.bytes}};
}

ArrayFile array_file_from(const json& object) {
  ArrayFile file;
  file.path = text(object, "path");
  file.digest = text(object, "digest");
  file.offset = integer(object, "offset", 0);
  file.bytes = integer(object, "bytes", 0);
  return file;
}

json to_json(const TensorValues& values) {
  json object{{"rule", static_cast<int>(values.rule)},
              {"from", values.from},
              {"to", values.to},
              {"low", values.low},
              {"high", values.high}};
  if (values.rule == ValuesSpec::Rule::file) object["file"] = to_json(values.file);
  if (values.rule == ValuesSpec::Rule::formula) {
    object["formula"] = values.formula.texts;
    object["dims"] = values.formula.dims;
  }
  return object;
}

TensorValues values_from(const json& object) {
  using Rule = ValuesSpec::Rule;
  TensorValues values;
  values.rule = static_cast<Rule>(integer<int>(object, "rule", 0, static_cast<int>(Rule::file)));
  values.from = real(object, "from");
  values.to = real(object, "to");
  values.low = integer(object, "low");
  values.high = integer(object, "high");
  if (values.rule == Rule::file) values.file = array_file_from(at(object, "file"));
  if (values.rule == Rule::formula) {
    values.formula.texts = at(object, "formula").get<std::vector<std::string>>();
    values.formula.dims = at(object, "dims").get<decltype(values.formula.dims)>();
    if (values.formula.texts.empty()) malformed("a formula");
  }
  return values;
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
  if (tensor.absolute != 0) object["absolute"] = tensor.absolute;
  if (tensor.relative != 0) object["relative"] = tensor.relative;
  if (tensor.range) object["range"] = {tensor.range->low, tensor.range->high};
  if (tensor.values.rule != ValuesSpec::Rule::spread) object["values"] = to_json(tensor.values);
  if (!tensor.compares) object["not_compared"] = true;
  if (tensor.expected) object["expected"] = to_json(*tensor.expected);
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
  if (object.contains("absolute")) tensor.absolute = real(object, "absolute");
  if (object.contains("relative")) tensor.relative = real(object, "relative");
  if (object.contains("range")) tensor.range = range_from(at(object, "range"), tensor.dtype);
  if (object.contains("values")) tensor.values = values_from(at(object, "values"));
  if (object.contains("expected")) tensor.expected = values_from(at(object, "expected"));
  tensor.compares = !object.contains("not_compared");
  const std::int64_t bytes = tensor.layout.elements * size_of(tensor.dtype);
  const auto check_bytes = [bytes](const TensorValues& values) {
    const bool is_file = values.rule == ValuesSpec::Rule::file;
    if (is_file && values.file.bytes != bytes) malformed("a file");
  };
  check_bytes(tensor.values);
  if (tensor.expected) check_bytes(*tensor.expected);
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

// `tensors` is the number of them in the plan.
std::vector<int> constants_from(const json& object, const Program& program, std::size_t tensors) {
  auto constants = list(object, "constants", [&](const json& value) {
    return static_cast<int>(integer_from(value, 0, static_cast<std::int64_t>(tensors) - 1));
  });
  if (constants.size() != program.symbols.size()) malformed("'constants'");
  return constants;
}

json to_json(const OraclePlan& oracle, PartsSent& parts) {
  return {
      {"kind", static_cast<int>(oracle.kind)},
      {"program", to_json(oracle.program, parts)},
      {"launches", listed(oracle.launches, [](const PlanLaunch& l) { return to_json(l); })},
      {"constants", oracle.constants},
      {"workspaces", listed(oracle.workspaces, [](const PlanWorkspace& w) { return to_json(w); })}};
}

OraclePlan oracle_from(const json& object, std::size_t tensors, const PartsReceived& parts) {
  using Kind = OraclePlan::Kind;
  OraclePlan oracle;
  oracle.kind = static_cast<Kind>(integer<int>(object, "kind", 0, static_cast<int>(Kind::given)));
  oracle.program = program_from(at(object, "program"), parts);
  oracle.workspaces = list(object, "workspaces", workspace_from);
  oracle.launches = list(object, "launches", [&](const json& launch) {
    return launch_from(launch, oracle.program, tensors, oracle.workspaces.size());
  });
  oracle.constants = constants_from(object, oracle.program, tensors);
  if (oracle.has_program() && oracle.launches.empty()) malformed("an oracle");
  return oracle;
}

ProblemPlan problem_from(const std::string& bytes, const PartsReceived& parts) {
  const json object = tree_of(bytes);
  ProblemPlan plan;
  plan.storage = dtype_from(object, "storage");
  plan.tensors = list(object, "tensors", tensor_from);
  plan.epilogue_extents = list(object, "epilogue_extents", [](const json& value) {
    return integer_from(value, 0, std::int64_t{1} << 40);
  });
  plan.epilogue_scalars = list(object, "epilogue_scalars", [](const json& value) {
    return static_cast<float>(real_from(value));
  });
  plan.align = integer(object, "align", 1, 4096);
  plan.tolerance = real(object, "tolerance");
  plan.oracle = oracle_from(at(object, "oracle"), plan.tensors.size(), parts);
  return plan;
}

}  // namespace

std::string encoded(const ProblemPlan& plan, PartsSent& parts) {
  return cbor::bytes_of({
      {"storage", name_of(plan.storage)},
      {"tensors", listed(plan.tensors, [](const PlanTensor& t) { return to_json(t); })},
      {"epilogue_extents", plan.epilogue_extents},
      {"epilogue_scalars", plan.epilogue_scalars},
      {"align", plan.align},
      {"tolerance", plan.tolerance},
      {"oracle", to_json(plan.oracle, parts)},
  });
}

json to_json(const Plan& plan, PartsSent& parts) {
  return {
      {"problem", parts.name(plan.problem, [&] { return encoded(*plan.problem, parts); })},
      {"program", to_json(plan.program, parts)},
      {"launches", listed(plan.launches, [](const PlanLaunch& l) { return to_json(l); })},
      {"constants", plan.constants},
      {"workspaces", listed(plan.workspaces, [](const PlanWorkspace& w) { return to_json(w); })},
      {"plain", listed(plan.plain, [&](const Plan& plain) { return to_json(plain, parts); })}};
}

Plan plan_from(const json& object, PartsReceived& parts) {
  Plan plan;
  plan.problem = parts.object<ProblemPlan>(text(object, "problem"), [&](const std::string& bytes) {
    return problem_from(bytes, parts);
  });
  plan.program = program_from(at(object, "program"), parts);
  plan.workspaces = list(object, "workspaces", workspace_from);
  const std::size_t tensors = plan.problem->tensors.size(), workspaces = plan.workspaces.size();
  plan.launches = list(object, "launches", [&](const json& launch) {
    return launch_from(launch, plan.program, tensors, workspaces);
  });
  plan.constants = constants_from(object, plan.program, tensors);
  plan.plain = list(object, "plain", [&](const json& plain) { return plan_from(plain, parts); });
  if (plan.plain.size() > 1) malformed("two plain plans");
  return plan;
}

}  // namespace tw
