// Reads op.toml; its tensors are in tensor_reader.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"
#include "core/types/epilogue.h"

namespace tw {
namespace {

void read_dims(Scope& scope, const TomlTable& root, OpSpec& op) {
  for (const TomlTable& table : root.tables("dim")) {
    table.allow({"name", "doc", "default", "min", "max", "in_key"});
    DimSpec dim;
    dim.name = table.text("name");
    dim.doc = table.text("doc", "");
    dim.min = table.integer("min", dim.min);
    dim.max = table.integer("max", dim.max);
    dim.in_key = table.boolean("in_key", false);
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

// Reads the kind of a reference: "magnitudes" (values and magnitudes in fp64) or "values".
bool gives_values(const TomlTable& table, const OpSpec& op) {
  const std::string kind = table.text("kind", "magnitudes");
  if (kind != "magnitudes" && kind != "values") {
    table.fail(table.at("kind"),
               fmt::format("kind '{}' is unknown: use magnitudes or values", kind));
  }
  if (kind == "values" && !op.epilogue_steps.empty()) {
    table.fail(table.at("kind"), "a reference of values applies no [epilogue]: remove one of them");
  }
  return kind == "values";
}

void read_reference(const Scope& scope, const TomlTable& root, bool required, SourceTree& sources,
                    OpSpec& op) {
  if (!root.find("reference")) {
    if (required) root.fail("[reference] is missing: add the kernel that says what is right");
    return;
  }
  const TomlTable table = root.table("reference");
  table.allow({"kind", "source", "entry", "grid", "block", "smem", "args"});
  op.reference_gives_values = gives_values(table, op);
  op.reference_source = table.text("source");
  op.reference = read_launch(scope, table);
  if (op.reference.entry.find('$') != std::string::npos) {
    table.fail(
        table.at("entry"),
        fmt::format("entry '{}': a reference has no knobs: write the values", op.reference.entry));
  }
  if (!op.reference_gives_values) check_is_template(table, op.reference.entry);
  Texts closure;
  try {
    closure = sources.closure(op.reference_source);
  } catch (const Error& fault) {
    table.fail(table.at("source"), fault.what());
  }
  check_entry(table, "entry", op.reference.entry, closure);
  for (const ArgSpec& arg : op.reference.args) {
    if (arg.kind != ArgSpec::Kind::expected && arg.kind != ArgSpec::Kind::magnitude) continue;
    if (op.reference_gives_values) {
      table.fail(table.at("args"), fmt::format("'{}_expected' is for a reference that writes fp64: "
                                               "write '{}', or remove kind = \"values\"",
                                               arg.name, arg.name));
    }
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
  const bool has_magnitudes = !op.reference_source.empty() && !op.reference_gives_values;
  if (!root.find("tolerance") && !has_magnitudes) {
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
  if (arg.kind == ArgSpec::Kind::number) {
    table.fail(node,
               fmt::format("the library calls take no {}: pass an int, an i64 or a [[scalar]]",
                           name_of(arg.dtype)));
  }
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
  read_tensors(scope, root, sources, op);
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
