// A TOML file as a tree that keeps the order of keys and the line of every value. Messages and
// search spaces need both, and toml++ does not offer them.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tw {

// A value of a TOML file with its line.
struct TomlNode {
  enum class Kind { table, array, string, integer, real, boolean, other } kind = Kind::other;
  std::string key;  // of a member of a table
  int line = 0;
  std::string string;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<TomlNode> items;  // elements of an array; members of a table in the order of the file
};

// An error at a line of a TOML file: "path:line: where: message".
struct TomlError : Error {
  TomlError(std::string path, int line, const std::string& where, std::string message);
  std::string path;
  int line;
  std::string message;
};

// Returns "table", "array", ...: for messages.
std::string_view name_of(TomlNode::Kind kind);

// Parses the text. `path` is for messages. Throws TomlError if the text is not TOML.
TomlNode parse_toml(const std::string& text, const std::string& path);

// One table of a file, read key by key. Every function throws TomlError if a value is missing or
// has another type.
class TomlTable {
 public:
  // `where` names the table in messages: "[kernel]", "knob 'block_m'".
  TomlTable(const TomlNode& node, std::string path, std::string where);

  const std::string& where() const { return where_; }
  // Throws Error, with the nearest known key, if the table has any other key.
  void allow(std::initializer_list<std::string_view> keys) const;
  const TomlNode* find(std::string_view key) const;  // nullptr if there is none
  const TomlNode& at(std::string_view key) const;
  std::string text(std::string_view key) const;  // must be there
  std::string text(std::string_view key, std::string_view fallback) const;
  std::vector<std::string> texts(std::string_view key) const;  // empty if not there
  std::int64_t integer(std::string_view key, std::int64_t fallback) const;
  bool boolean(std::string_view key, bool fallback) const;
  // Returns the tables of [[key]], in order; none if the key is missing.
  std::vector<TomlTable> tables(std::string_view key) const;
  // Returns the table [key]; an empty one if the key is missing.
  TomlTable table(std::string_view key) const;
  const std::vector<TomlNode>& members() const { return node_.items; }
  // Returns the table `node`, which is somewhere inside this table.
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

// Returns the text of an expression: a string, or an integer or boolean as it is written.
std::string expression_text(const TomlTable& table, const TomlNode& node);

}  // namespace tw
