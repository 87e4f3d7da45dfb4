// The part of Python's expressions in which others write values and conditions of search spaces:
// arithmetic, comparisons (chained, too), and/or/not, lists and their sums, range(...), list(...) and
// comprehensions over them.
// Anything else is an Error. Nothing is ever executed.
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
  std::int64_t value = 0;                // integer; True and False are 1 and 0
  bool is_bool = false;                  // integer: it was True or False
  std::string word;                      // text, name; the operator; a comprehension's variable
  std::vector<std::string> comparisons;  // compare: one less than operands
  // Operands; of a comprehension: what is listed, and the list that the variable runs over.
  std::vector<PythonNode> children;
};

// Throws Error: what is wrong, at which column.
PythonNode parse_python(std::string_view text);

// The items of a list, range or comprehension: integers, booleans and texts. Throws Error if they
// depend on a name, divide by zero or are not whole.
std::vector<PythonNode> python_items(const PythonNode& list);

// The same condition as an expression of ours over knobs. / is Python's exact division: quotients
// are compared and divided as fractions. `below_zero`: knobs with values less than zero. Throws
// Error for what cannot be said in integers.
std::string condition_from(const PythonNode& condition, const Names& names,
                           const std::set<std::string>& below_zero);

// The same of a number that is not negative, as int() makes it whole: rounded down.
std::string whole_number_from(const PythonNode& number, const Names& names,
                              const std::set<std::string>& below_zero);

}  // namespace tw
