// A TOML file as a tree that keeps what messages and search spaces need and toml++ does not offer:
// the order of keys, and the line of everything.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tw {

struct TomlNode {
  enum class Kind { table, array, string, integer, real, boolean, other } kind = Kind::other;
  std::string key;  // of a table's member
  int line = 0;
  std::string string;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<TomlNode> items;  // of an array; a table's members, in the file's order
};

// A fault at a line of a TOML file: "path:line: where: message".
struct TomlError : Error {
  TomlError(std::string path, int line, const std::string& where, std::string message);
  std::string path;
  int line;
  std::string message;
};

// "table", "array", ...: for messages.
std::string_view name_of(TomlNode::Kind kind);

// `path` is for messages. Throws TomlError if the text is not TOML.
TomlNode parse_toml(const std::string& text, const std::string& path);

// One table of a file, read key by key. Every function throws TomlError if a value is missing or of
// another type.
class TomlTable {
 public:
  // `where` names the table in messages: "[kernel]", "knob 'block_m'".
  TomlTable(const TomlNode& node, std::string path, std::string where);

  const std::string& where() const { return where_; }
  // Throws Error, with the nearest known key, if there is another key than these.
  void allow(std::initializer_list<std::string_view> keys) const;
  const TomlNode* find(std::string_view key) const;  // nullptr if there is none
  const TomlNode& at(std::string_view key) const;
  std::string text(std::string_view key) const;  // must be there
  std::string text(std::string_view key, std::string_view fallback) const;
  std::vector<std::string> texts(std::string_view key) const;  // empty if not there
  std::int64_t integer(std::string_view key, std::int64_t fallback) const;
  // The tables of [[key]], in order; none if the key is not there.
  std::vector<TomlTable> tables(std::string_view key) const;
  // The table [key]; an empty one if it is not there.
  TomlTable table(std::string_view key) const;
  const std::vector<TomlNode>& members() const { return node_.items; }
  // The table `node`, which is somewhere in this one.
  TomlTable nested(const TomlNode& node, std::string where) const {
    return {node, path_, std::move(where)};
  }
  // The same table under a better name.
  TomlTable named(std::string where) const { return {node_, path_, std::move(where)}; }

  [[noreturn]] void fail(const TomlNode& node, const std::string& message) const;
  [[noreturn]] void fail(const std::string& message) const { fail(node_, message); }

 private:
  TomlNode node_;
  std::string path_, where_;
};

// The text of an expression: a string, or an integer or a boolean as written.
std::string expression_text(const TomlTable& table, const TomlNode& node);

}  // namespace tw
