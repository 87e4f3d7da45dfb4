// The tree of a Python expression. Private to this room.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tw::python {

// A place in a text, for messages. Also counts how much text is made of this text.
struct Place {
  std::string_view text;
  std::size_t column = 1;
  std::size_t bytes_made = 0;
  // Throws Error: "'A <', column 4: it ends too early".
  [[noreturn]] void fail(std::string_view what) const;
  // Throws Error if it is too much, or too much in all.
  void make(std::size_t bytes);
};

struct Node {
  enum class Kind {
    number,         // value / below
    text,           // word
    none,           // None
    name,           // word
    unary,          // word: - + ~ not
    binary,         // word: the operator, and, or
    compare,        // words: one operator fewer than children
    conditional,    // children: condition, value if true, value if false
    list,           // also a set
    tuple,          //
    comprehension,  // children: the item, then clauses
    clause,         // words: variables; children: what they run over, then conditions
    call,           // word: the function
    subscript       // children: the list, the index
  } kind{};
  std::size_t column = 1;
  std::int64_t value = 0, below = 1;
  bool is_bool = false;  // number: True or False
  bool is_real = false;  // number: written with a point or an exponent
  bool is_set = false;   // list: written in braces
  std::string word;
  std::vector<std::string> words;
  std::vector<Node> children;
};

// Throws Error with what is wrong, the column and the remedy.
Node parse(std::string_view text);

}  // namespace tw::python
