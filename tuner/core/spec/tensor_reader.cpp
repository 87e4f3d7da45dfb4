// Reads the [[tensor]] tables of op.toml.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

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
      table.fail(node,
                 "'range' depends on the device, but inputs are the same on every device: read "
                 "dims instead");
    }
  }
  return range;
}

// tolerance = { absolute = 1e-3, relative = 1e-5 }
void read_errors(const TomlTable& table, TensorSpec& tensor) {
  table.allow({"absolute", "relative"});
  for (const TomlNode& node : table.members()) {
    const bool is_integer = node.kind == TomlNode::Kind::integer;
    const double value = is_integer ? static_cast<double>(node.integer) : node.real;
    if ((!is_integer && node.kind != TomlNode::Kind::real) || !(value >= 0) ||
        !std::isfinite(value)) {
      table.fail(node, fmt::format("'{}' must be a number that is not negative", node.key));
    }
    (node.key == "absolute" ? tensor.absolute : tensor.relative) = value;
  }
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
    if (node->kind == TomlNode::Kind::table) {
      read_errors(table.nested(*node, table.where() + ": tolerance"), tensor);
      tensor.tolerance = Expr::parse("0", scope.names);
    } else {
      tensor.tolerance = scope.parse(table, *node);
    }
  }
}

}  // namespace

DType read_dtype(const TomlTable& table, const TomlNode& node, const std::string& name) {
  if (const auto dtype = parse_dtype(name)) return *dtype;
  table.fail(node, fmt::format("dtype '{}' is unknown{}", name, suggestion(name, dtype_names())));
}

void read_tensors(Scope& scope, const TomlTable& root, const SourceTree& sources, OpSpec& op) {
  for (const TomlTable& table : root.tables("tensor")) {
    table.allow({"name", "doc", "role", "dtype", "shape", "strides", "scaled_by", "pointers",
                 "second", "range", "values", "expected", "compared", "tolerance"});
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
    read_given_values(scope, named, op, sources, tensor);
    scope.declare(table, table.at("name"), tensor.name, Scope::Kind::tensor);
    op.tensors.push_back(std::move(tensor));
  }
  const bool writes = std::any_of(op.tensors.begin(), op.tensors.end(),
                                  [](const TensorSpec& t) { return t.role != Role::in; });
  if (!writes) root.fail("an op needs a [[tensor]] with role out or inout: add it");
  check_expected(root, op);
}

}  // namespace tw
