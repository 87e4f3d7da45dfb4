// Reads the parts that the files of ops, kernels and bare spaces share. See spec_reader.h.
#include "core/spec/spec_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/texts.h"
#include "core/spec/kernel_name.h"
#include "core/types/device_info.h"
#include "core/types/float_bits.h"

namespace tw {
namespace {

std::string_view describe(Scope::Kind kind) {
  constexpr std::string_view names[] = {"a word of the language",
                                        "a dim",
                                        "a choice",
                                        "a device limit",
                                        "a scalar",
                                        "a tensor",
                                        "a knob",
                                        "a workspace",
                                        "a [let]"};
  return names[static_cast<std::size_t>(kind)];
}

void read_extent(const Scope& scope, const TomlTable& table, std::string_view key, bool required,
                 Expr (&extent)[3]) {
  for (Expr& e : extent) e = Expr::constant(1);
  const TomlNode* node = required ? &table.at(key) : table.find(key);
  if (!node) return;
  if (node->kind != TomlNode::Kind::array || node->items.empty() || node->items.size() > 3) {
    table.fail(*node, fmt::format("'{}' must be an array of one to three expressions", key));
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    extent[i] = scope.parse(table, node->items[i]);
  }
}

// Returns the kind of knob that has these values. Throws if the values are not all of one type.
Knob::Kind kind_of_values(const TomlTable& table, const TomlNode& values) {
  if (values.kind != TomlNode::Kind::array || values.items.empty()) {
    table.fail(values, "'values' must be an array of at least one value");
  }
  if (values.items.size() > 65535) table.fail(values, "'values' has more than 65535 values");
  const TomlNode::Kind first = values.items.front().kind;
  for (const TomlNode& value : values.items) {
    if (value.kind == first) continue;
    table.fail(value, fmt::format("values of different types, {} and {}: use one", name_of(first),
                                  name_of(value.kind)));
  }
  switch (first) {
    case TomlNode::Kind::integer:
    case TomlNode::Kind::real:
      return Knob::Kind::integer;
    case TomlNode::Kind::boolean:
      return Knob::Kind::boolean;
    case TomlNode::Kind::string:
      return Knob::Kind::word;
    default:
      table.fail(values, fmt::format("a value cannot be {}: use numbers, booleans or names",
                                     name_of(first)));
  }
}

constexpr std::int64_t most_below = 1'000'000'000;

// Returns the power of ten of which all values are multiples: 1 if all are whole numbers.
std::int64_t below_of(const TomlNode& values) {
  std::int64_t below = 1;
  for (const TomlNode& value : values.items) {
    if (value.kind != TomlNode::Kind::real) continue;
    below = std::max<std::int64_t>(below, 10);
    while (below < most_below && std::fabs(std::round(value.real * static_cast<double>(below)) -
                                           value.real * static_cast<double>(below)) > 1e-6) {
      below *= 10;
    }
  }
  return below;
}

// Returns the value in units of 1 / below.
std::int64_t scaled(const TomlTable& table, const TomlNode& value, std::int64_t below) {
  if (below == 1) return value.integer;
  const double number =
      value.kind == TomlNode::Kind::real ? value.real : static_cast<double>(value.integer);
  const double units = std::round(number * static_cast<double>(below));
  if (!(std::fabs(units) < 9e15) ||
      std::fabs(units / static_cast<double>(below) - number) > 1e-12 * std::fabs(number)) {
    table.fail(value, fmt::format("value {} has more than 9 decimals, or is too large", number));
  }
  return static_cast<std::int64_t>(units);
}

// Reads 'text'. Words that are no identifiers can only be texts.
bool read_is_text(const TomlTable& table, const Knob& knob) {
  const TomlNode* node = table.find("text");
  if (!node) return false;
  if (node->kind != TomlNode::Kind::boolean) table.fail(*node, "'text' must be true or false");
  if (node->boolean && knob.kind != Knob::Kind::word) {
    table.fail(*node, "'text' is for values that are names: remove it");
  }
  return node->boolean;
}

Knob read_knob(const TomlTable& table) {
  table.allow({"name", "values", "text", "doc"});
  Knob knob;
  knob.name = table.text("name");
  knob.doc = table.text("doc", "");
  const TomlTable named = table.named(fmt::format("knob '{}'", knob.name));
  const TomlNode& values = named.at("values");
  knob.kind = kind_of_values(named, values);
  knob.below = below_of(values);
  knob.is_text = read_is_text(named, knob);
  std::set<std::pair<std::int64_t, std::string_view>> seen;
  for (const TomlNode& value : values.items) {
    if (knob.kind == Knob::Kind::word) {
      if (!is_knob_word(value.string)) {
        named.fail(value, fmt::format("value '{}' has blanks, quotes or signs that stand between "
                                      "knobs: use another name, such as a typedef's",
                                      value.string));
      }
      knob.values.push_back(static_cast<std::int64_t>(knob.words.size()));
      knob.words.push_back(value.string);
    } else if (knob.kind == Knob::Kind::boolean) {
      knob.values.push_back(value.boolean);
    } else {
      knob.values.push_back(scaled(named, value, knob.below));
    }
    const std::int64_t number = knob.kind == Knob::Kind::word ? 0 : knob.values.back();
    if (!seen.emplace(number, value.string).second) {
      named.fail(value,
                 fmt::format("value {} is given twice: remove one", knob.text(knob.values.back())));
    }
  }
  return knob;
}

}  // namespace

Scope::Scope() {
  for (const char* word :
       {"true",    "false",   "ceil_div", "round_up", "min",       "max",       "abs",
        "is_pow2", "log2",    "gcd",      "pow",      "floor_div", "floor_mod", "sizeof_t",
        "align",   "reduced", "device",   "epilogue", "dtype",     "math",      "T"}) {
    kinds_[word] = Kind::reserved;
  }
}

Scope::Scope(const OpSpec& op) : Scope() {
  names = op.names;
  tensors = op.tensors;
  for (const DimSpec& dim : op.dims) kinds_[dim.name] = Kind::dim;
  for (const ChoiceSpec& choice : op.choices) kinds_[choice.name] = Kind::choice;
  for (const ScalarSpec& scalar : op.scalars) kinds_[scalar.name] = Kind::scalar;
  for (const TensorSpec& tensor : op.tensors) kinds_[tensor.name] = Kind::tensor;
  for (const LetSpec& let : op.lets) {
    kinds_[let.name] = Kind::let;
    lets.push_back(let);
  }
}

void Scope::declare(const TomlTable& table, const TomlNode& node, const std::string& name,
                    Kind kind) {
  if (!is_identifier(name)) {
    table.fail(node, fmt::format("'{}' is not an identifier: use letters, digits and '_'", name));
  }
  const auto [at, is_new] = kinds_.emplace(name, kind);
  if (is_new) return;
  if (at->second == kind) {
    table.fail(node,
               fmt::format("{} '{}' is there twice: remove one", describe(kind).substr(2), name));
  }
  table.fail(node, fmt::format("'{}' is {} already: use another name", name, describe(at->second)));
}

void Scope::declare_slot(const TomlTable& table, const TomlNode& node, const std::string& name,
                         Kind kind, std::vector<std::string> words) {
  declare(table, node, name, kind);
  if (words.empty()) {
    names.add(name);
  } else {
    names.add(name, std::move(words));
  }
}

void Scope::declare_common() {
  names.add("dtype", dtype_names());
  names.add("math", math_names());
  names.add("sizeof_t");
  names.add("align");
  names.add("reduced");
  for (const std::string& name : device_names()) names.add("device." + name);
}

Expr Scope::parse(const TomlTable& table, const TomlNode& node) const {
  std::vector<Expr::Let> named;
  for (const LetSpec& let : lets) named.push_back({let.name, &let.expr});
  const std::string text = expression_text(table, node);
  try {
    return Expr::parse(text, names, named);
  } catch (const Error& fault) {
    table.fail(node, fmt::format("{}{}{}", node.key, node.key.empty() ? "" : ": ", fault.what()));
  }
}

void Scope::read_lets(const TomlTable& table) {
  for (const TomlNode& node : table.members()) {
    Expr expr = parse(table, node);
    declare(table, node, node.key, Kind::let);
    lets.push_back({node.key, std::move(expr)});
  }
}

std::vector<Constraint> Scope::read_constraints(const TomlTable& table) const {
  std::vector<Constraint> result;
  for (const TomlNode& node : table.members()) result.push_back({node.key, parse(table, node)});
  return result;
}

bool Scope::is(std::string_view name, Kind kind) const {
  const auto found = kinds_.find(name);
  return found != kinds_.end() && found->second == kind;
}

std::vector<std::string> Scope::known() const {
  std::vector<std::string> result{"epilogue", "dtype",   "math", "sizeof_t",
                                  "align",    "reduced", "true", "false"};
  for (const auto& [name, kind] : kinds_) {
    if (kind != Kind::reserved) result.push_back(name);
  }
  return result;
}

Expr read_expr(const Scope& scope, const TomlTable& table, std::string_view key,
               std::string_view fallback) {
  const TomlNode* node = table.find(key);
  if (node || fallback.empty()) return scope.parse(table, table.at(key));
  return Expr::parse(fallback, scope.names);
}

std::vector<Knob> read_knobs(Scope& scope, const TomlTable& root) {
  std::vector<Knob> knobs;
  for (const TomlTable& table : root.tables("knob")) {
    knobs.push_back(read_knob(table));
    scope.declare_slot(table, table.at("name"), knobs.back().name, Scope::Kind::knob,
                       knobs.back().words);
  }
  return knobs;
}

std::string space_text(std::span<const Knob> knobs, const std::deque<LetSpec>& lets,
                       std::span<const Constraint> constraints) {
  std::string text;
  for (const Knob& knob : knobs) {
    text += (knob.is_text ? "text " : "knob ") + knob.name;
    for (const std::int64_t value : knob.values) text += " " + knob.text(value);
    text += "\n";
  }
  for (const LetSpec& let : lets) text += fmt::format("let {} = {}\n", let.name, let.expr.text());
  for (const Constraint& constraint : constraints) {
    text += fmt::format("require {}\n", constraint.expr.text());
  }
  return text;
}

namespace {

// Appends the `count` expressions of an array.
void read_list(const Scope& scope, const TomlTable& table, std::string_view key, std::size_t count,
               std::vector<Expr>& to) {
  const TomlNode& list = table.at(key);
  if (list.kind != TomlNode::Kind::array || list.items.size() != count) {
    table.fail(list, fmt::format("'{}' must be an array of {} expressions, one for each dimension",
                                 key, count));
  }
  for (const TomlNode& item : list.items) to.push_back(scope.parse(table, item));
}

// Reads a tensor map:
// {tensor_map = "a", box = ["1", "block_m", "64"], swizzle = 128, tf32 = "passes == 1"}
// {im2col_map = "x", pixels = "128", channels = "64", lower = [...], upper = [...], steps = [...]}
ArgSpec read_tensor_map(const Scope& scope, const TomlTable& table, bool im2col) {
  if (im2col) {
    table.allow({"im2col_map", "pixels", "channels", "lower", "upper", "steps", "swizzle", "tf32"});
  } else {
    table.allow({"tensor_map", "box", "swizzle", "tf32"});
  }
  const std::string_view key = im2col ? "im2col_map" : "tensor_map";
  ArgSpec arg;
  arg.kind = ArgSpec::Kind::tensor_map;
  arg.im2col = im2col;
  arg.name = table.text(key);
  const auto tensor = std::find_if(scope.tensors.begin(), scope.tensors.end(),
                                   [&](const TensorSpec& one) { return one.name == arg.name; });
  if (tensor == scope.tensors.end()) {
    table.fail(table.at(key),
               fmt::format("{} = \"{}\" names no tensor that a kernel is given", key, arg.name));
  }
  const std::size_t rank = tensor->shape.size();
  if (rank > 5 || (im2col && rank != 4)) {
    table.fail(table.at(key), fmt::format("'{}' has {} dimensions: {}", arg.name, rank,
                                          im2col ? "images have 4" : "5 are the most"));
  }
  arg.map = tensor->shape;
  arg.map.insert(arg.map.end(), tensor->strides.begin(), tensor->strides.end());
  if (im2col) {
    arg.map.push_back(read_expr(scope, table, "pixels"));
    arg.map.push_back(read_expr(scope, table, "channels"));
    for (const char* list : {"lower", "upper", "steps"}) read_list(scope, table, list, 2, arg.map);
  } else {
    read_list(scope, table, "box", rank, arg.map);
  }
  arg.map.push_back(read_expr(scope, table, "tf32", "0"));
  arg.swizzle = static_cast<int>(table.integer("swizzle", 0));
  if (arg.swizzle != 0 && arg.swizzle != 32 && arg.swizzle != 64 && arg.swizzle != 128) {
    table.fail(table.at("swizzle"), "'swizzle' must be 0, 32, 64 or 128");
  }
  return arg;
}

// Reads {struct = "my::Shape", ints = ["n", "c"]}.
ArgSpec read_aggregate(const Scope& scope, const TomlTable& table) {
  table.allow({"struct", "ints"});
  ArgSpec arg;
  arg.kind = ArgSpec::Kind::aggregate;
  arg.name = table.text("struct");
  if (!is_qualified_name(arg.name)) {
    table.fail(table.at("struct"), fmt::format("struct '{}' is not a qualified name, such as "
                                               "\"my::Shape\"",
                                               arg.name));
  }
  const TomlNode& ints = table.at("ints");
  if (ints.kind != TomlNode::Kind::array || ints.items.empty()) {
    table.fail(ints, "'ints' must be an array of expressions, one for each member of the struct");
  }
  for (const TomlNode& item : ints.items) arg.map.push_back(scope.parse(table, item));
  return arg;
}

// Reads {i64 = "expression"}, or another type: {u8 = "n % 256"}, {f64 = 2.5}.
ArgSpec read_number(const Scope& scope, const TomlTable& table, const TomlNode& node, DType dtype) {
  using Kind = ArgSpec::Kind;
  const bool is_real = node.kind == TomlNode::Kind::real;
  if (dtype == DType::i32) return {Kind::int32, "", scope.parse(table, node)};
  if (dtype == DType::i64) return {Kind::int64, "", scope.parse(table, node)};
  ArgSpec arg;
  arg.kind = Kind::number;
  arg.dtype = dtype;
  if (!is_real || is_integer(dtype)) {
    arg.value = scope.parse(table, node);
    return arg;
  }
  arg.real = node.real;
  if (std::isfinite(node.real) && std::fabs(node.real) > largest_of(dtype)) {
    table.fail(node, fmt::format("{} is larger than {} can be", node.real, name_of(dtype)));
  }
  return arg;
}

// Reads the name of {f32 = 2.5, name = "alpha"}.
std::string read_number_name(const TomlTable& table, const std::string& type, const ArgSpec& arg) {
  table.allow({type, "name"});
  const std::string name = table.text("name");
  if (!is_identifier(name)) table.fail(table.at("name"), "'name' must be a word, as in C++");
  if (!arg.real && !arg.value.reads().empty()) {
    table.fail(table.at("name"),
               "'name' is for a number that is written here, and this one is computed: remove it");
  }
  return name;
}

}  // namespace

ArgSpec read_arg(const Scope& scope, const TomlTable& table, const TomlNode& node) {
  using Kind = ArgSpec::Kind;
  if (node.kind == TomlNode::Kind::table && !node.items.empty()) {
    const std::string& first = node.items.front().key;
    if (first == "tensor_map" || first == "im2col_map") {
      return read_tensor_map(scope, table.nested(node, first), first == "im2col_map");
    }
    const std::vector<TomlNode>& items = node.items;
    if (std::any_of(items.begin(), items.end(),
                    [](const TomlNode& item) { return item.key == "struct"; })) {
      return read_aggregate(scope, table.nested(node, "struct"));
    }
    const auto number = std::find_if(items.begin(), items.end(), [](const TomlNode& item) {
      return parse_dtype(item.key).has_value();
    });
    const bool has_name = std::any_of(items.begin(), items.end(),
                                      [](const TomlNode& item) { return item.key == "name"; });
    if (number == items.end() || items.size() != (has_name ? 2 : 1)) {
      table.fail(node,
                 "an argument that is a table must be {i64 = \"expression\"}, or another dtype, "
                 "{struct = \"name\", ints = [...]}, {tensor_map = \"tensor\", ...} or "
                 "{im2col_map = \"tensor\", ...}");
    }
    ArgSpec arg = read_number(scope, table, *number, *parse_dtype(number->key));
    if (items.size() > 1) arg.name = read_number_name(table.nested(node, "args"), number->key, arg);
    return arg;
  }
  const std::string& text = node.string;
  if (scope.is(text, Scope::Kind::tensor)) return {Kind::tensor, text, {}};
  if (scope.is(text, Scope::Kind::workspace)) return {Kind::workspace, text, {}};
  if (scope.is(text, Scope::Kind::scalar)) return {Kind::scalar, text, {}};
  if (text == "epilogue") return {Kind::epilogue, text, {}};
  for (const auto& [suffix, kind] : {std::pair{std::string_view("_expected"), Kind::expected},
                                     std::pair{std::string_view("_magnitude"), Kind::magnitude}}) {
    if (!text.ends_with(suffix)) continue;
    const std::string tensor = text.substr(0, text.size() - suffix.size());
    if (scope.is(tensor, Scope::Kind::tensor)) return {kind, tensor, {}};
  }
  const std::vector<std::string> known = scope.known();
  const bool is_known = std::find(known.begin(), known.end(), text) != known.end();
  if (text == "tolerance" && !is_known) return {Kind::tolerance, text, {}};
  if (is_identifier(text) && !is_known) {
    table.fail(node, fmt::format("argument '{}' names nothing{}", text, suggestion(text, known)));
  }
  return {Kind::int32, "", scope.parse(table, node)};
}

LaunchSpec read_launch(const Scope& scope, const TomlTable& table) {
  LaunchSpec launch;
  launch.entry = table.text("entry");
  if (!is_kernel_name(launch.entry)) {
    table.fail(table.at("entry"),
               fmt::format("entry '{}' is not a qualified name, such as "
                           "\"tw::gemm::simt::kernel\" or, with knobs = \"macros\", "
                           "\"shop::ops::scale<float, 2>\"",
                           launch.entry));
  }
  launch.when = read_expr(scope, table, "when", "true");
  read_extent(scope, table, "grid", true, launch.grid);
  read_extent(scope, table, "block", true, launch.block);
  read_extent(scope, table, "cluster", false, launch.cluster);
  launch.smem_bytes = read_expr(scope, table, "smem", "0");
  const TomlNode& args = table.at("args");
  if (args.kind != TomlNode::Kind::array) table.fail(args, "'args' must be an array");
  for (const TomlNode& arg : args.items) launch.args.push_back(read_arg(scope, table, arg));
  return launch;
}

void check_is_template(const TomlTable& table, const std::string& entry) {
  if (is_qualified_name(entry)) return;
  table.fail(table.at("entry"),
             fmt::format("entry '{}': name the template alone, its arguments are the tuner's; with "
                         "knobs = \"macros\" a kernel's [[launch]] can name an instance",
                         entry));
}

void check_entry(const TomlTable& table, std::string_view key, const std::string& name,
                 const Texts& closure) {
  const std::string own = function_of(name);
  for (const auto& [path, text] : closure) {
    if (mentions(text, own)) return;
  }
  table.fail(table.at(key), fmt::format("the sources have no '{}': name a {} of theirs", own,
                                        key == "entry" ? "__global__ function"
                                                       : "__constant__ or __device__ array"));
}

}  // namespace tw
