// What tensors hold, on the command line: --values and --expected.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/from_source/argument_text.h"
#include "core/from_source/c_types.h"
#include "core/from_source/source_option.h"

namespace tw {

// The values of a tensor: x=uniform(0, 2), x=iota, x=formula(i % n), x=0, x=data/x.npy.
struct ValuesText {
  std::string tensor;
  // The rule, and what stands in its parentheses: "uniform", {"0", "2"}. The rule of a file is
  // "file", and its only argument is the path.
  std::string rule;
  std::vector<std::string> arguments;
};

// Reads --values and --expected, which takes files and formulas only. Throws Error that names the
// option.
ValuesText read_values_text(const SourceOption& option);
// --values and --expected, with the options that they come from.
struct GivenValues {
  const SourceOption* option;
  ValuesText values;
};
// Reads all of them. Throws Error that names an option if there is no such tensor, if one has two,
// or if --expected leaves out a result or an input that has random values.
std::vector<GivenValues> read_all_values(const SourceOptions& options,
                                         const std::vector<const ArgumentText*>& tensors);
// Returns the lines of the tensor's [[tensor]]. `file` is the file's name in the spec. Throws Error
// that names the option.
std::string values_lines(const SourceOption& option, const ValuesText& values, const CType& type,
                         const std::string& file);

}  // namespace tw
