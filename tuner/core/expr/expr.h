// The expression language of the search-space files. An expression is parsed once and evaluated in
// nanoseconds. docs/search_spaces.md defines the language.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/bounds.h"

namespace tw {

// The names that an expression may use. Each name is a slot of one int64 array. A name may have
// named values, such as the values of a choice.
class Names {
 public:
  // Adds a name and returns its new slot. Throws Error if the name is taken or is not an identifier
  // (dots are allowed: "device.cc").
  int add(std::string_view name);
  // Adds a name whose values are words: 'nt' in an expression compares as its index in `values`.
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

// A parsed expression.
class Expr {
 public:
  Expr() = default;
  // Throws Error with what is wrong, the column, and the nearest known name. `lets` are named
  // sub-expressions that may be used like names. They are already parsed against the same names.
  struct Let {
    std::string name;
    const Expr* expr;
  };
  static Expr parse(std::string_view text, const Names& names, std::span<const Let> lets = {});
  static Expr constant(std::int64_t value);

  // Returns nothing if an operation that was evaluated has no value (division by zero, overflow,
  // ...).
  std::optional<std::int64_t> evaluate(std::span<const std::int64_t> slots) const;
  // Returns whether the expression, as a constraint, holds: it has a value, and the value is not
  // zero.
  bool holds(std::span<const std::int64_t> slots) const;

  // Returns bounds of the values that the expression has while each slot has any value of its
  // interval. Empty if it has none.
  Bounds bounds(std::span<const Bounds> slots) const;

  const std::vector<int>& reads() const { return reads_; }  // slots, ascending, each once
  const std::string& text() const { return text_; }
  // Returns the same expression as a C++17 expression of type checked::Value (or of an integer
  // type, if it is only a name or a literal), for emitted headers. Every operation, && || ?:
  // included, becomes a call of the function of checked.h with that meaning, spelled
  // "checked::<name>(...)":
  //   layout == 'nt' && 4 * m <= -k  ->
  //   checked::logical_and(checked::eq(layout, 1),
  //                        checked::le(checked::mul(4, m), checked::neg(k)))
  // The header must contain the text of checked.h in a namespace from which "checked::" is found;
  // then checked::holds(...) gives what holds() returns here. Each name becomes what `spell`
  // returns for its slot. This may be any integer expression, because it must convert to
  // checked::Value.
  std::string to_cpp(const std::function<std::string(int slot)>& spell) const;

  struct Op {
    std::int32_t code = 0;
    std::int32_t target = 0;  // slot or jump distance
    std::int64_t value = 0;
  };
  static constexpr int kMaxDepth = 64;  // of the evaluation stack; parse throws Error if deeper

 private:
  friend class ExprParser;
  std::vector<Op> ops_;  // postfix
  std::vector<int> reads_;
  std::string text_;
  int depth_ = 0;  // of the stack
};

// Returns whether `text` is a C-like identifier. Names, knobs, dims and choices must be
// identifiers.
bool is_identifier(std::string_view text);
}  // namespace tw
