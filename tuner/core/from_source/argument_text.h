// The arguments of a kernel on the command line: --arg.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/from_source/c_types.h"
#include "core/from_source/source_functions.h"
#include "core/from_source/source_option.h"

namespace tw {

// An argument: a tensor, such as "x=f32[n]:in", or a number, such as "2.5f", "n" and "u8(3)".
struct ArgumentText {
  std::string name;                  // empty if the user gave none
  CType type{};                      // of a tensor's elements, or of the number
  std::vector<std::string> extents;  // of a tensor; a number has none
  std::string role;                  // of a tensor
  std::string inner;                 // of a number: its text without a type around it
  std::string toml;                  // of a number: the element of a launch's `args`
  bool is_literal = false;           // of a number: it is written as such, and `toml` is a table

  bool is_tensor() const { return !extents.empty(); }
};

// Reads an argument. `values` are the sizes and the knobs. Throws Error that names the option.
ArgumentText read_argument(const SourceOption& option, const std::vector<std::string>& values);

// Throws Error if `text` is an integer that the integer type cannot hold.
void check_range(const SourceOption& option, const std::string& text, const CType& type);

// An array in constant memory, and the input that is copied to it: 'filters::taps=f32[5]'.
struct ConstantText {
  std::string symbol;   // as C++ names it
  ArgumentText tensor;  // its name is that of the array, without namespaces
};
ConstantText read_constant(const SourceOption& option);

// Returns the alignment in bytes of what the argument, a tensor, points to: by its own type, or by
// that of the parameter.
int alignment_of(const ArgumentText& argument, const SourceParameter* parameter);

// Throws Error if the parameter, which is the `number`th of `kernel`, cannot take the argument.
// Parameters of types that c_type does not know can take all.
void check_argument(const SourceOption& option, const ArgumentText& argument,
                    const SourceParameter& parameter, int number,
                    std::string_view kernel = "the kernel");

}  // namespace tw
