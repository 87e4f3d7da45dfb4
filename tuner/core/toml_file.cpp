// The only place that sees toml++.
#include "toml_file.h"

#include <fmt/format.h>

// What toml++ 3.3 asserts of a text, it reports as an error of the text right after. So it is built
// without its assertions, and without the assumptions that NDEBUG makes of them.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>

#include "error.h"
#include "expr.h"

namespace tw {
namespace {

int line_of(const toml::source_region& region) { return static_cast<int>(region.begin.line); }

TomlNode converted(const toml::node& node);

void add_members(const toml::table& table, TomlNode& result) {
  std::vector<std::pair<toml::source_position, TomlNode>> members;
  for (const auto& [key, value] : table) {
    TomlNode member = converted(value);
    member.key = std::string(key.str());
    member.line = line_of(key.source());
    members.emplace_back(key.source().begin, std::move(member));
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, member] : members) result.items.push_back(std::move(member));
}

TomlNode converted(const toml::node& node) {
  using Kind = TomlNode::Kind;
  TomlNode result;
  result.line = line_of(node.source());
  if (const toml::table* table = node.as_table()) {
    result.kind = Kind::table;
    add_members(*table, result);
  } else if (const toml::array* array = node.as_array()) {
    result.kind = Kind::array;
    for (const toml::node& item : *array) result.items.push_back(converted(item));
  } else if (const auto* string = node.as_string()) {
    result.kind = Kind::string;
    result.string = string->get();
  } else if (const auto* integer = node.as_integer()) {
    result.kind = Kind::integer;
    result.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    result.kind = Kind::real;
    result.real = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.kind = Kind::boolean;
    result.boolean = boolean->get();
  }
  return result;
}

}  // namespace

std::string_view name_of(TomlNode::Kind kind) {
  constexpr std::string_view names[] = {"table", "array",   "string",      "integer",
                                        "float", "boolean", "date or time"};
  return names[static_cast<std::size_t>(kind)];
}

namespace {

// toml++ bounds how deeply values nest, but not keys ("a.a.a"), whose tables it destroys by
// recursion.
void check_dots(const std::string& text, const std::string& path) {
  constexpr int most = 64;
  int line = 1, dots = 0;
  for (const char c : text) {
    if (c == '.' && ++dots > most) {
      throw Error(fmt::format("{}:{}: more than {} dots in a line: break it", path, line, most));
    }
    if (c != '\n') continue;
    ++line;
    dots = 0;
  }
}

}  // namespace

TomlNode parse_toml(const std::string& text, const std::string& path) {
  check_dots(text, path);
  try {
    return converted(toml::parse(text));
  } catch (const toml::parse_error& fault) {
    throw Error(fmt::format("{}:{}: this is not TOML: {}", path, line_of(fault.source()),
                            fault.description()));
  }
}

TomlTable::TomlTable(const TomlNode& node, std::string path, std::string where)
    : node_(node), path_(std::move(path)), where_(std::move(where)) {
  if (node.kind != TomlNode::Kind::table) {
    fail(fmt::format("must be a table, not {}", name_of(node.kind)));
  }
}

void TomlTable::fail(const TomlNode& node, const std::string& message) const {
  throw Error(fmt::format("{}:{}: {}{}{}", path_, std::max(node.line, 1), where_,
                          where_.empty() ? "" : ": ", message));
}

void TomlTable::allow(std::initializer_list<std::string_view> keys) const {
  for (const TomlNode& member : node_.items) {
    if (std::find(keys.begin(), keys.end(), member.key) != keys.end()) continue;
    const std::vector<std::string> known(keys.begin(), keys.end());
    fail(member, fmt::format("unknown key '{}'{}", member.key, suggestion(member.key, known)));
  }
}

const TomlNode* TomlTable::find(std::string_view key) const {
  for (const TomlNode& member : node_.items) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const TomlNode& TomlTable::at(std::string_view key) const {
  const TomlNode* node = find(key);
  if (!node) fail(fmt::format("'{}' is missing: add it", key));
  return *node;
}

std::string TomlTable::text(std::string_view key) const {
  const TomlNode& node = at(key);
  if (node.kind != TomlNode::Kind::string) {
    fail(node, fmt::format("'{}' must be a string, not {}", key, name_of(node.kind)));
  }
  return node.string;
}

std::string TomlTable::text(std::string_view key, std::string_view fallback) const {
  return find(key) ? text(key) : std::string(fallback);
}

std::vector<std::string> TomlTable::texts(std::string_view key) const {
  std::vector<std::string> result;
  const TomlNode* node = find(key);
  if (!node) return result;
  if (node->kind != TomlNode::Kind::array) {
    fail(*node, fmt::format("'{}' must be an array of strings, not {}", key, name_of(node->kind)));
  }
  for (const TomlNode& item : node->items) {
    if (item.kind != TomlNode::Kind::string) {
      fail(item, fmt::format("'{}' must hold strings, not {}", key, name_of(item.kind)));
    }
    result.push_back(item.string);
  }
  return result;
}

std::int64_t TomlTable::integer(std::string_view key, std::int64_t fallback) const {
  const TomlNode* node = find(key);
  if (!node) return fallback;
  if (node->kind != TomlNode::Kind::integer) {
    fail(*node, fmt::format("'{}' must be an integer, not {}", key, name_of(node->kind)));
  }
  return node->integer;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) const {
  std::vector<TomlTable> result;
  const TomlNode* node = find(key);
  if (!node) return result;
  const std::string where = fmt::format("[[{}]]", key);
  if (node->kind != TomlNode::Kind::array) {
    fail(*node, fmt::format("'{}' must be an array of tables: write {}", key, where));
  }
  for (const TomlNode& item : node->items) result.emplace_back(item, path_, where);
  return result;
}

TomlTable TomlTable::table(std::string_view key) const {
  TomlNode empty;
  empty.kind = TomlNode::Kind::table;
  empty.line = 1;
  const TomlNode* node = find(key);
  return {node ? *node : empty, path_, fmt::format("[{}]", key)};
}

std::string expression_text(const TomlTable& table, const TomlNode& node) {
  switch (node.kind) {
    case TomlNode::Kind::string:
      return node.string;
    case TomlNode::Kind::integer:
      return fmt::format("{}", node.integer);
    case TomlNode::Kind::boolean:
      return node.boolean ? "true" : "false";
    default:
      table.fail(node, fmt::format("{}{}an expression must be a string or an integer, not {}",
                                   node.key, node.key.empty() ? "" : ": ", name_of(node.kind)));
  }
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  if (!near.empty()) return fmt::format(": did you mean '{}'?", near);
  if (known.empty()) return ": there are none";
  return fmt::format(": known are {}", fmt::join(known, ", "));
}

}  // namespace tw
