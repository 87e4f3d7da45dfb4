// Reads op.toml.
// Longer than 400 lines: one function a table of the file.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/texts.h"
#include "core/spec/spec_reader.h"
#include "core/types/epilogue.h"

namespace tw {
namespace {

void read_dims(Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("dim")) {
    table.allow({"name", "doc", "default", "min", "max"});
    DimSpec dim;
    dim.name = table.text("name");
    dim.doc = table.text("doc", "");
    dim.min = table.integer("min", dim.min);
    dim.max = table.integer("max", dim.max);
    if (dim.min < 0 || dim.max < dim.min) {
      table.fail(fmt::format("dim '{}': 0 <= min <= max must hold", dim.name));
    }
    scope.declare_slot(table, table.at("name"), dim.name, Scope::Kind::dim);
    op.dims.push_back(std::move(dim));
  }
  if (op.dims.empty()) root.fail("an op needs at least one [[dim]]: add it");
}

void read_choices(Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("choice")) {
    table.allow({"name", "values", "doc"});
    ChoiceSpec choice{table.text("name"), table.text("doc", ""), table.texts("values")};
    const TomlTable named = table.named(fmt::format("choice '{}'", choice.name));
    if (choice.values.empty()) named.fail("'values' must be an array of at least one name");
    for (const std::string& value : choice.values) {
      if (!is_identifier(value)) {
        named.fail(named.at("values"), fmt::format("value '{}' is not an identifier", value));
      }
      if (std::count(choice.values.begin(), choice.values.end(), value) > 1) {
        named.fail(named.at("values"), fmt::format("value {} is given twice: remove one", value));
      }
    }
    scope.declare_slot(table, table.at("name"), choice.name, Scope::Kind::choice, choice.values);
    for (const ChoiceSpec& other : op.choices) {
      if (pascal_case(other.name) != pascal_case(choice.name)) continue;
      named.fail(named.at("name"), fmt::format("its enum is {}, as that of choice '{}': use "
                                               "another name",
                                               pascal_case(choice.name), other.name));
    }
    op.choices.push_back(std::move(choice));
  }
}

// A default may read the choices, the dims before its own and `reduced`.
void read_dim_defaults(const Scope& scope, const TomlTable& root, OpSpec& op) {
  const std::vector<TomlTable> tables = root.tables("dim");
  const std::size_t dims = op.dims.size(), choices = op.choices.size();
  for (std::size_t i = 0; i < dims; ++i) {
    const TomlNode* node = tables[i].find("default");
    if (!node) continue;
    const TomlTable named = tables[i].named(fmt::format("dim '{}'", op.dims[i].name));
    Expr expr = scope.parse(named, *node);
    for (const int slot : expr.reads()) {
      const auto at = static_cast<std::size_t>(slot);
      if (at < i || (at >= dims && at < dims + choices)) continue;
      if (scope.names.name(slot) == "reduced") continue;
      named.fail(*node, fmt::format("its default reads '{}': only choices, the dims before it and "
                                    "'reduced' are known then",
                                    scope.names.name(slot)));
    }
    op.dims[i].fallback = std::move(expr);
  }
}

void read_scalars(Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("scalar")) {
    table.allow({"name", "doc", "default"});
    ScalarSpec scalar{table.text("name"), table.text("doc", ""), 0};
    if (const TomlNode* node = table.find("default")) {
      if (node->kind == TomlNode::Kind::integer) {
        scalar.fallback = static_cast<double>(node->integer);
      } else if (node->kind == TomlNode::Kind::real) {
        scalar.fallback = node->real;
      } else {
        table.fail(*node, fmt::format("'default' must be a number, not {}", name_of(node->kind)));
      }
      // --shape does not accept it either. The condition is negated because a NaN is in no range.
      if (!(std::fabs(scalar.fallback) <= std::numeric_limits<float>::max())) {
        table.fail(*node, "'default' must be a finite number that a float can hold");
      }
    }
    scope.declare(table, table.at("name"), scalar.name, Scope::Kind::scalar);
    op.scalars.push_back(std::move(scalar));
  }
}

std::vector<Expr> read_sizes(const Scope& scope, const TomlTable& table, const TomlNode& node) {
  if (node.kind != TomlNode::Kind::array || node.items.empty()) {
    table.fail(node, fmt::format("'{}' must be an array of at least one expression", node.key));
  }
  std::vector<Expr> sizes;
  for (const TomlNode& item : node.items) sizes.push_back(scope.parse(table, item));
  return sizes;
}

// Returns the strides of a dense row-major tensor.
std::vector<Expr> dense_strides(const Scope& scope, const TomlTable& table, const TomlNode& shape) {
  std::vector<Expr> strides(shape.items.size());
  TomlNode product = shape;
  product.kind = TomlNode::Kind::string;
  product.string = "1";
  for (std::size_t i = strides.size(); i-- > 0;) {
    strides[i] = scope.parse(table, product);
    product.string =
        fmt::format("({}) * {}", expression_text(table, shape.items[i]), product.string);
  }
  return strides;
}

Role read_role(const TomlTable& table) {
  const std::string role = table.text("role");
  for (const Role each : {Role::in, Role::out, Role::inout}) {
    if (role == name_of(each)) return each;
  }
  table.fail(table.at("role"), fmt::format("role '{}' is unknown: use in, out or inout", role));
}

// `pointers` decides the type of a kernel's argument. The kernel is compiled for the choices, so it
// may read only these.
Expr read_by_pointers(const Scope& scope, const TomlTable& table, const OpSpec& op) {
  Expr expr = scope.parse(table, table.at("pointers"));
  for (const int slot : expr.reads()) {
    const std::string& name = scope.names.name(slot);
    const bool is_choice = std::any_of(op.choices.begin(), op.choices.end(),
                                       [&](const ChoiceSpec& one) { return one.name == name; });
    if (is_choice) continue;
    table.fail(table.at("pointers"),
               fmt::format("'pointers' reads '{}': it may read only the choices", name));
  }
  return expr;
}

// second = { sign = "0", scale = "4", infinities = "false" }
FillSpec read_second(const Scope& scope, const TomlTable& tensor) {
  const TomlTable table = tensor.table("second");
  table.allow({"sign", "scale", "infinities"});
  return {read_expr(scope, table, "sign", "1"), read_expr(scope, table, "scale", "4"),
          read_expr(scope, table, "infinities", "false")};
}

DType read_dtype(const TomlTable& table, const TomlNode& node, const std::string& name) {
  if (const auto dtype = parse_dtype(name)) return *dtype;
  table.fail(node, fmt::format("dtype '{}' is unknown{}", name, suggestion(name, dtype_names())));
}

// Reads TensorSpec::dtypes: dtype = "storage" (the problem's), "i32" (always the same), or
// { f32 = "f64", bf16 = "f32" } (one for each of the op's dtypes).
std::map<DType, DType> read_tensor_dtypes(const TomlTable& table, const OpSpec& op) {
  std::map<DType, DType> dtypes;
  const TomlNode* node = table.find("dtype");
  if (!node || (node->kind == TomlNode::Kind::string && node->string == "storage")) return dtypes;
  if (node->kind != TomlNode::Kind::table) {
    const DType fixed = read_dtype(table, *node, table.text("dtype"));
    for (const DType problem : op.dtypes) dtypes[problem] = fixed;
    return dtypes;
  }
  for (const TomlNode& member : node->items) {
    const DType problem = read_dtype(table, member, member.key);
    if (std::count(op.dtypes.begin(), op.dtypes.end(), problem) == 0) {
      table.fail(member, fmt::format("dtype: '{}' is not among the op's dtypes", member.key));
    }
    if (member.kind != TomlNode::Kind::string) {
      table.fail(member, fmt::format("dtype: '{}' must be the name of a dtype", member.key));
    }
    dtypes[problem] =
        member.string == "storage" ? problem : read_dtype(table, member, member.string);
  }
  for (const DType problem : op.dtypes) {
    if (dtypes.contains(problem)) continue;
    table.fail(*node, fmt::format("dtype: '{}' is missing: add {} = \"storage\"", name_of(problem),
                                  name_of(problem)));
  }
  return dtypes;
}

// range = ["0", "n - 1"]
std::vector<Expr> read_range(const Scope& scope, const TomlTable& table, const TomlNode& node,
                             const TensorSpec& tensor) {
  if (tensor.role == Role::out) table.fail(node, "'range' is for inputs: remove it");
  std::vector<Expr> range = read_sizes(scope, table, node);
  if (range.size() != 2) table.fail(node, "'range' must be the least and the largest value");
  for (const Expr& expr : range) {
    for (const int slot : expr.reads()) {
      if (!scope.names.name(slot).starts_with("device.")) continue;
      table.fail(node, "'range' depends on the device, but inputs are the same on every device");
    }
  }
  return range;
}

// Reads what a tensor says of its type, and of the values that follow from it.
void read_values(const Scope& scope, const TomlTable& table, const OpSpec& op, TensorSpec& tensor) {
  tensor.dtypes = read_tensor_dtypes(table, op);
  const auto is_integer_for = [&](DType problem) { return is_integer(dtype_of(tensor, problem)); };
  const bool has_integers = std::any_of(op.dtypes.begin(), op.dtypes.end(), is_integer_for);
  const bool has_floats = !std::all_of(op.dtypes.begin(), op.dtypes.end(), is_integer_for);
  if (const TomlNode* node = table.find("range")) {
    if (has_floats) {
      table.fail(*node, "'range' is for integers, and the tensor stores others: use 'second'");
    }
    tensor.range = read_range(scope, table, *node, tensor);
  }
  if (const TomlNode* node = table.find("second"); node && !has_floats) {
    table.fail(*node, "'second' is not for integers: use 'range'");
  }
  if (const TomlNode* node = table.find("tolerance")) {
    if (tensor.role == Role::in) table.fail(*node, "'tolerance' is for outputs: remove it");
    if (has_integers) table.fail(*node, "integers must be exact: remove 'tolerance'");
    tensor.tolerance = scope.parse(table, *node);
  }
}

void read_tensors(Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("tensor")) {
    table.allow({"name", "doc", "role", "dtype", "shape", "strides", "scaled_by", "pointers",
                 "second", "range", "tolerance"});
    TensorSpec tensor;
    tensor.name = table.text("name");
    tensor.doc = table.text("doc", "");
    const TomlTable named = table.named(fmt::format("tensor '{}'", tensor.name));
    tensor.role = read_role(named);
    const TomlNode& shape = named.at("shape");
    tensor.shape = read_sizes(scope, named, shape);
    const TomlNode* strides = named.find("strides");
    tensor.strides =
        strides ? read_sizes(scope, named, *strides) : dense_strides(scope, named, shape);
    if (tensor.strides.size() != tensor.shape.size()) {
      named.fail(*strides, fmt::format("{} strides for {} extents: give one an extent",
                                       tensor.strides.size(), tensor.shape.size()));
    }
    tensor.scaled_by = named.text("scaled_by", "");
    if (!tensor.scaled_by.empty() && !scope.is(tensor.scaled_by, Scope::Kind::scalar)) {
      named.fail(named.at("scaled_by"), fmt::format("'{}' is no [[scalar]]", tensor.scaled_by));
    }
    if (named.find("pointers")) tensor.by_pointers = read_by_pointers(scope, named, op);
    tensor.second = read_second(scope, named);
    read_values(scope, named, op, tensor);
    scope.declare(table, table.at("name"), tensor.name, Scope::Kind::tensor);
    op.tensors.push_back(std::move(tensor));
  }
  const bool writes = std::any_of(op.tensors.begin(), op.tensors.end(),
                                  [](const TensorSpec& t) { return t.role != Role::in; });
  if (!writes) root.fail("an op needs a [[tensor]] with role out or inout: add it");
}

// Reads the words at `key`: steps or, if `reduces`, reductions.
std::vector<std::string> read_words(const TomlTable& table, const char* key, bool reduces) {
  std::vector<std::string> known;
  for (const EpilogueWord& word : epilogue_words()) {
    if (word.reduces == reduces) known.emplace_back(word.name);
  }
  std::vector<std::string> words = table.texts(key);
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    table.fail(table.at(key), fmt::format("{} '{}' is unknown{}", reduces ? "reduction" : "step",
                                          word, suggestion(word, known)));
  }
  return words;
}

void read_epilogue(const Scope& scope, const TomlTable& table, OpSpec& op) {
  table.allow({"steps", "reductions", "extents"});
  op.epilogue_steps = read_words(table, "steps", false);
  op.epilogue_reductions = read_words(table, "reductions", true);
  const auto integer = std::find_if(op.dtypes.begin(), op.dtypes.end(), is_integer);
  if (integer != op.dtypes.end() &&
      !(op.epilogue_steps.empty() && op.epilogue_reductions.empty())) {
    table.fail(
        fmt::format("an epilogue computes in floating point, and the op has the dtype {}: "
                    "remove one of them",
                    name_of(*integer)));
  }
  for (const TensorSpec& tensor : op.tensors) {
    if (op.epilogue_reductions.empty() || tensor.role != Role::inout) continue;
    if (!tensor.scaled_by.empty()) continue;
    table.fail(table.at("reductions"),
               fmt::format("tensor '{}' is always read, and a reduction changes its shape: give it "
                           "'scaled_by'",
                           tensor.name));
  }
  std::vector<std::string> with_tensor;
  for (const EpilogueWord& word : epilogue_words()) {
    const auto& steps = op.epilogue_steps;
    if (word.takes_tensor && std::find(steps.begin(), steps.end(), word.name) != steps.end()) {
      with_tensor.emplace_back(word.name);
    }
  }
  const TomlNode* extents = table.find("extents");
  if (extents && extents->kind != TomlNode::Kind::table) {
    table.fail(*extents, "'extents' must be a table: write { bias_column = \"n\" }");
  }
  for (const TomlNode& member : extents ? extents->items : std::vector<TomlNode>{}) {
    if (std::find(with_tensor.begin(), with_tensor.end(), member.key) == with_tensor.end()) {
      table.fail(member, fmt::format("extents: '{}' is no step here that takes a tensor{}",
                                     member.key, suggestion(member.key, with_tensor)));
    }
    op.epilogue_extents[member.key] = scope.parse(table, member);
  }
  for (const std::string& step : with_tensor) {
    if (op.epilogue_extents.contains(step)) continue;
    table.fail(fmt::format("step '{}' takes a tensor: give its length in 'extents'", step));
  }
}

void read_reference(const Scope& scope, const TomlTable& root, bool required, SourceTree& sources,
                    OpSpec& op) {
  if (!root.find("reference")) {
    if (required) root.fail("[reference] is missing: add the kernel that says what is right");
    return;
  }
  const TomlTable table = root.table("reference");
  table.allow({"source", "entry", "grid", "block", "smem", "args"});
  op.reference_source = table.text("source");
  op.reference = read_launch(scope, table);
  check_is_template(table, op.reference.entry);
  Texts closure;
  try {
    closure = sources.closure(op.reference_source);
  } catch (const Error& fault) {
    table.fail(table.at("source"), fault.what());
  }
  check_entry(table, op.reference.entry, closure);
  for (const ArgSpec& arg : op.reference.args) {
    if (arg.kind != ArgSpec::Kind::expected && arg.kind != ArgSpec::Kind::magnitude) continue;
    const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                     [&](const TensorSpec& t) { return t.name == arg.name; });
    if (tensor->role == Role::in) {
      table.fail(table.at("args"), fmt::format("'{}' is an input: only outputs have an expected "
                                               "value and a magnitude",
                                               arg.name));
    }
  }
}

// Constraints of an op must not read the device, because a problem is the same on every device.
void read_op_require(const Scope& scope, const TomlTable& table, OpSpec& op) {
  op.require = scope.read_constraints(table);
  for (const Constraint& constraint : op.require) {
    for (const int slot : constraint.expr.reads()) {
      if (!scope.names.name(slot).starts_with("device.")) continue;
      table.fail(*table.find(constraint.reason),
                 fmt::format("'{}' depends on the device: move it to a kernel's 'needs'",
                             constraint.reason));
    }
  }
}

// Without a reference, each configuration has its own order of sums. So the tolerance is 2^-12 of
// the largest result.
constexpr std::string_view default_tolerance = "4096";

// Returns whether all outputs of problems of this dtype are integers, which no tolerance concerns.
bool has_exact_outputs(const OpSpec& op, DType dtype) {
  return std::all_of(op.tensors.begin(), op.tensors.end(), [&](const TensorSpec& tensor) {
    return tensor.role == Role::in || is_integer(dtype_of(tensor, dtype));
  });
}

void read_tolerance(const Scope& scope, const TomlTable& root, OpSpec& op) {
  const TomlTable table = root.table("tolerance");
  if (!root.find("tolerance") && op.reference_source.empty()) {
    for (const auto& [dtype, maths] : op.maths) {
      for (const std::string& math : maths) {
        op.tolerance[math] = Expr::parse(default_tolerance, scope.names);
      }
    }
    return;
  }
  for (const TomlNode& node : table.members()) {
    const bool known = std::any_of(op.maths.begin(), op.maths.end(), [&](const auto& entry) {
      return std::count(entry.second.begin(), entry.second.end(), node.key) > 0;
    });
    if (!known) {
      table.fail(node, fmt::format("'{}' is not among the op's dtypes and maths: remove it or add "
                                   "it there",
                                   node.key));
    }
    op.tolerance[node.key] = scope.parse(table, node);
  }
  for (const auto& [dtype, maths] : op.maths) {
    for (const std::string& math : maths) {
      if (op.tolerance.contains(math)) continue;
      if (has_exact_outputs(op, *parse_dtype(dtype))) {
        op.tolerance[math] = Expr::parse("0", scope.names);
        continue;
      }
      root.fail(fmt::format(
          "[tolerance] lacks {}: add the largest error, in units of 2^-24 of the magnitude", math));
    }
  }
}

// The adaptors of libraries pass one dtype, the problem's.
void check_storage(const TomlTable& table, const TomlNode& node, const ArgSpec& arg,
                   const OpSpec& op) {
  if (arg.kind != ArgSpec::Kind::tensor) return;
  const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                   [&](const TensorSpec& one) { return one.name == arg.name; });
  if (tensor->dtypes.empty()) return;
  table.fail(node, fmt::format("tensor '{}' has a dtype of its own, and the library calls take the "
                               "problem's: remove the [[baseline]]",
                               arg.name));
}

void read_baselines(const Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("baseline")) {
    table.allow({"library", "call", "args"});
    BaselineSpec baseline{table.text("library"), table.text("call"), {}};
    const TomlNode& args = table.at("args");
    if (args.kind != TomlNode::Kind::table) table.fail(args, "'args' must be a table");
    for (const TomlNode& node : args.items) {
      ArgSpec arg = read_arg(scope, table, node);
      check_storage(table, node, arg, op);
      if (arg.kind == ArgSpec::Kind::int32) arg.kind = ArgSpec::Kind::int64;
      baseline.args.emplace(node.key, std::move(arg));
    }
    op.baselines.push_back(std::move(baseline));
  }
}

// Reads the maths: each dtype's own math, and what 'maths' adds: { f32 = ["tf32"] }.
void read_maths(const TomlTable& table, OpSpec& op) {
  for (const DType dtype : op.dtypes)
    op.maths[std::string(name_of(dtype))] = {std::string(name_of(dtype))};
  const TomlNode* node = table.find("maths");
  if (!node) return;
  if (node->kind != TomlNode::Kind::table) {
    table.fail(*node, "'maths' must be a table: write { f32 = [\"tf32\"] }");
  }
  for (const TomlNode& member : node->items) {
    const auto maths = op.maths.find(member.key);
    if (maths == op.maths.end()) {
      table.fail(member, fmt::format("maths: '{}' is not among the op's dtypes", member.key));
    }
    if (member.kind != TomlNode::Kind::array) {
      table.fail(member, fmt::format("maths: '{}' must be an array of names", member.key));
    }
    for (const TomlNode& math : member.items) {
      // TF32 is the only math that is not a dtype's own.
      if (math.kind != TomlNode::Kind::string || math.string != "tf32" || member.key != "f32") {
        table.fail(math, "maths: besides each dtype's own there is tf32, for f32");
      }
      maths->second.push_back(math.string);
    }
  }
}

void read_head(const TomlTable& table, OpSpec& op) {
  table.allow({"name", "doc", "example", "dtypes", "maths", "flops", "bytes", "edge_shapes"});
  op.name = table.text("name");
  if (!is_identifier(op.name)) {
    table.fail(table.at("name"), fmt::format("'{}' is not an identifier", op.name));
  }
  op.doc = table.text("doc", "");
  op.example = table.text("example", "");
  op.edge_shapes = table.texts("edge_shapes");
  for (const std::string& name : table.texts("dtypes")) {
    const DType dtype = read_dtype(table, table.at("dtypes"), name);
    if (std::find(op.dtypes.begin(), op.dtypes.end(), dtype) != op.dtypes.end()) {
      table.fail(table.at("dtypes"), fmt::format("dtype {} is given twice: remove one", name));
    }
    op.dtypes.push_back(dtype);
  }
  if (op.dtypes.empty()) table.fail("'dtypes' is missing or empty: add dtypes = [\"f32\"]");
  read_maths(table, op);
}

}  // namespace

OpSpec read_op(const TomlNode& node, const std::string& path, const std::string& folder,
               bool needs_reference, SourceTree& sources) {
  const TomlTable root(node, path, "");
  root.allow({"op", "dim", "choice", "scalar", "tensor", "let", "require", "epilogue", "reference",
              "tolerance", "baseline"});
  root.at("op");
  const TomlTable head = root.table("op");
  OpSpec op;
  read_head(head, op);
  Scope scope;
  read_dims(scope, root, op);
  read_choices(scope, root, op);
  scope.declare_common();
  scope.read_lets(root.table("let"));
  op.lets.assign(scope.lets.begin(), scope.lets.end());
  read_dim_defaults(scope, root, op);
  read_scalars(scope, root, op);
  read_tensors(scope, root, op);
  op.flops = read_expr(scope, head, "flops");
  op.bytes = read_expr(scope, head, "bytes");
  read_op_require(scope, root.table("require"), op);
  read_epilogue(scope, root.table("epilogue"), op);
  read_reference(scope, root, needs_reference, sources, op);
  read_tolerance(scope, root, op);
  read_baselines(scope, root, op);
  op.names = std::move(scope.names);
  if (sources.find(folder + "op.cuh")) op.header = folder + "op.cuh";
  return op;
}

}  // namespace tw
