// The part of Python's expressions that other tuners use for values and conditions of search
// spaces. docs/search_spaces.md says which part. Anything else is an Error with its column and the
// remedy. Nothing is ever executed: an expression becomes values, or an expression of our language.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// A value of a list.
struct PythonItem {
  enum class Kind { number, text } kind = Kind::number;
  std::int64_t value = 0;  // of a number, times `below`: True and False are 1 and 0
  std::int64_t below = 1;  // the number is value / below, in lowest terms; positive
  bool is_bool = false;    // it was True or False
  bool is_real = false;    // Python's type is float, even if the number is whole
  std::string text;
};

// Returns the values of a list, tuple, range or comprehension. Throws Error if they depend on a
// name or have no value.
std::vector<PythonItem> python_items(std::string_view text);

// A parameter, which expressions may name. Its slot in our expressions has the same name.
struct PythonParameter {
  std::string name;
  std::vector<std::int64_t> values;  // of its slot
  std::int64_t below = 1;            // the parameter is the slot's value / below
  bool is_bool = false;
  bool is_real = false;                 // Python's type is float
  std::vector<std::string> words = {};  // if not empty, it is a text: words[the slot's value]
};

// Returns the same condition as an expression of our language. Numbers are fractions without
// rounding. Where Python raises an error, such as a division by zero, the condition has no value.
std::string condition_from(std::string_view text, std::span<const PythonParameter> parameters);

// Returns the same for a number, which is rounded towards zero as by int().
std::string whole_number_from(std::string_view text, std::span<const PythonParameter> parameters);

// A name for whole numbers that are known.
struct PythonConstant {
  std::string name;
  std::vector<std::int64_t> values;
  bool is_list = true;  // else it is one number
};

// Returns the same for the size of a vector. Where a list is expected, a parameter stands for the
// list of its values, as in max(BLOCK); elsewhere it stands for its value.
std::string size_from(std::string_view text, std::span<const PythonParameter> parameters,
                      std::span<const PythonConstant> constants);

// A number as the quotient of two expressions of our language.
struct PythonFraction {
  std::string above, below;
};
// Returns a number of any type.
PythonFraction fraction_from(std::string_view text, std::span<const PythonParameter> parameters);

}  // namespace tw
