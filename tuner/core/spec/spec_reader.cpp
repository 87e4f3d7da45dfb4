// Reads the parts that the files of ops, kernels and bare spaces share. See spec_reader.h.
#include "core/spec/spec_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/kernel_name.h"
#include "core/types/device_info.h"

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
  read_launch_args(scope, table, launch);
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
