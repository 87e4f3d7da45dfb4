// The expression language of the search-space files: parsed once, evaluated in nanoseconds.
// docs/search_spaces.md is its definition.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// The names that an expression may use, each a slot of one int64 array, and the named values of the
// choices among them.
class Names {
 public:
  // Returns the new slot. Throws Error if the name is taken or is not an identifier (dots allowed:
  // "device.cc").
  int add(std::string_view name);
  // A name whose values are words: 'nt' in an expression compares as its index in `values`.
  int add(std::string_view name, std::vector<std::string> values);
  std::optional<int> find(std::string_view name) const;
  const std::string& name(int slot) const { return entries_[static_cast<std::size_t>(slot)].name; }
  const std::vector<std::string>& values(int slot) const {
    return entries_[static_cast<std::size_t>(slot)].values;
  }
  int size() const { return static_cast<int>(entries_.size()); }

 private:
  struct Entry {
    std::string name;
    std::vector<std::string> values;
  };
  std::vector<Entry> entries_;
};

class Expr {
 public:
  Expr() = default;
  // Throws Error: what is wrong, at which column, and the nearest known name.
  // `lets`: named sub-expressions (already parsed against the same names) that may be used like
  // names.
  struct Let {
    std::string name;
    const Expr* expr;
  };
  static Expr parse(std::string_view text, const Names& names, std::span<const Let> lets = {});
  static Expr constant(std::int64_t value);

  // No value where an operation that was evaluated has none (division by zero, overflow, ...).
  std::optional<std::int64_t> evaluate(std::span<const std::int64_t> slots) const;
  // As a constraint: has a value and it is not zero.
  bool holds(std::span<const std::int64_t> slots) const;

  const std::vector<int>& reads() const { return reads_; }  // slots, ascending, each once
  const std::string& text() const { return text_; }
  // The same expression as a C++17 expression of type checked::Value (or of an integer type, if it
  // is a lone name or literal), for emitted headers. Every operation is a call of the function of
  // checked.h of that meaning, spelled "checked::<name>(...)", && || ?: included:
  //   layout == 'nt' && 4 * m <= -k  ->
  //   checked::logical_and(checked::eq(layout, 1),
  //                        checked::le(checked::mul(4, m), checked::neg(k)))
  // The header has to have the text of checked.h in a namespace from which "checked::" is found;
  // checked::holds(...) then is what holds() returns here. Every name is what `spell` returns for
  // its slot: something that converts to checked::Value, so any integer expression.
  std::string to_cpp(const std::function<std::string(int slot)>& spell) const;

  struct Op {
    std::int32_t code = 0;
    std::int32_t target = 0;  // slot or jump distance
    std::int64_t value = 0;
  };
  static constexpr int kMaxDepth = 64;  // of the evaluation stack; deeper is an Error of parse

 private:
  friend class ExprParser;
  std::vector<Op> ops_;  // postfix
  std::vector<int> reads_;
  std::string text_;
  int depth_ = 0;  // of the stack
};

// True for C-like identifiers; what names, knobs, dims and choices must be.
bool is_identifier(std::string_view text);
}  // namespace tw
