// The part of Python's expressions that other tuners use for values and conditions of search
// spaces: arithmetic, comparisons (also chained), and/or/not, lists and their sums, range(...),
// list(...) and comprehensions over them. Anything else is an Error. Nothing is ever executed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/expr.h"

namespace tw {

inline constexpr std::size_t most_items = 65536;  // of a list or a range

// A node of a parsed Python expression.
struct PythonNode {
  enum class Kind {
    integer,
    text,
    name,
    unary,
    binary,
    compare,
    list,
    range,
    comprehension
  } kind{};
  std::int64_t value = 0;                // integer: True and False are 1 and 0
  bool is_bool = false;                  // integer: it was True or False
  std::string word;                      // text, name; the operator; a comprehension's variable
  std::vector<std::string> comparisons;  // compare: one fewer than operands
  // Operands. A comprehension has two: the item expression, and the list over which its variable
  // runs.
  std::vector<PythonNode> children;
};

// Throws Error with what is wrong and the column.
PythonNode parse_python(std::string_view text);

// Returns the items of a list, range or comprehension: integers, booleans and texts. Throws Error
// if they depend on a name, divide by zero or are not whole.
std::vector<PythonNode> python_items(const PythonNode& list);

// Returns the same condition as an expression of our language over knobs. / is Python's exact
// division: quotients are compared and divided as fractions. `below_zero` holds the knobs that have
// values less than zero. Throws Error if the condition cannot be written with integers.
std::string condition_from(const PythonNode& condition, const Names& names,
                           const std::set<std::string>& below_zero);

// Returns the same for a number that is not negative, rounded down as by int().
std::string whole_number_from(const PythonNode& number, const Names& names,
                              const std::set<std::string>& below_zero);

}  // namespace tw
