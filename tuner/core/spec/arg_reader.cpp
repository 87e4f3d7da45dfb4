// Reads the arguments of a launch or of a baseline.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/spec/kernel_name.h"
#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"
#include "core/types/float_bits.h"

namespace tw {
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

bool is_struct(const TomlNode& node) {
  return node.kind == TomlNode::Kind::table &&
         std::any_of(node.items.begin(), node.items.end(),
                     [](const TomlNode& item) { return item.key == "struct"; });
}

// Reads {struct = "my::Shape", members = ["n", "c"]}.
void read_struct(const Scope& scope, const TomlTable& table, LaunchSpec& launch) {
  using Kind = ArgSpec::Kind;
  table.allow({"struct", "members"});
  const std::string name = table.text("struct");
  std::string_view plain = name;
  if (plain.ends_with(struct_arguments)) plain.remove_suffix(struct_arguments.size());
  if (!is_qualified_name(plain)) {
    table.fail(table.at("struct"), fmt::format("struct '{}' is not a qualified name, such as "
                                               "\"my::Shape\" or \"my::Matrix<T, V>\"",
                                               name));
  }
  const TomlNode& members = table.at("members");
  if (members.kind != TomlNode::Kind::array || members.items.empty()) {
    table.fail(members, "'members' must be an array of arguments, one for each member");
  }
  launch.structs.push_back(name);
  for (const TomlNode& item : members.items) {
    ArgSpec member = read_arg(scope, table, item);
    if (member.kind == Kind::tensor_map || member.kind == Kind::epilogue) {
      table.fail(item, "a member is a pointer or a number: pass this argument by itself");
    }
    member.structure = static_cast<int>(launch.structs.size());
    launch.args.push_back(std::move(member));
  }
}

}  // namespace

void read_launch_args(const Scope& scope, const TomlTable& table, LaunchSpec& launch) {
  const TomlNode& args = table.at("args");
  if (args.kind != TomlNode::Kind::array) table.fail(args, "'args' must be an array");
  for (const TomlNode& arg : args.items) {
    if (is_struct(arg)) {
      read_struct(scope, table.nested(arg, "struct"), launch);
    } else {
      launch.args.push_back(read_arg(scope, table, arg));
    }
  }
}

ArgSpec read_arg(const Scope& scope, const TomlTable& table, const TomlNode& node) {
  using Kind = ArgSpec::Kind;
  if (node.kind == TomlNode::Kind::table && !node.items.empty()) {
    const std::string& first = node.items.front().key;
    if (first == "tensor_map" || first == "im2col_map") {
      return read_tensor_map(scope, table.nested(node, first), first == "im2col_map");
    }
    const std::vector<TomlNode>& items = node.items;
    if (is_struct(node)) {
      table.fail(node, "a struct stands among the arguments of a launch, not in another struct");
    }
    const auto number = std::find_if(items.begin(), items.end(), [](const TomlNode& item) {
      return parse_dtype(item.key).has_value();
    });
    const bool has_name = std::any_of(items.begin(), items.end(),
                                      [](const TomlNode& item) { return item.key == "name"; });
    if (number == items.end() || items.size() != (has_name ? 2 : 1)) {
      table.fail(node,
                 "an argument that is a table must be {i64 = \"expression\"}, or another dtype, "
                 "{struct = \"name\", members = [...]}, {tensor_map = \"tensor\", ...} or "
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

}  // namespace tw
