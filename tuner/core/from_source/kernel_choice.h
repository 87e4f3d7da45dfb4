// The kernel that --kernel FILE:NAME names.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/from_source/source_functions.h"
#include "core/from_source/source_option.h"

namespace tw {

// The two parts of --kernel saxpy.cu:saxpy.
struct SourceAndName {
  std::string path;
  std::string name;  // empty if the user gave none
};
// Splits the text of --kernel. Returns nothing if the text names no source: then it is the name of
// a kernel of an op. A source ends in .cu, .cuh or .cuda, or is a file that is there and is followed
// by ":NAME".
std::optional<SourceAndName> source_and_name(const std::string& text);

// The kernel that is tuned.
struct KernelChoice {
  std::string entry;  // as a spec has it: "shop::scale<float, $BLOCK>"
  // Nothing if the source cannot tell: an overloaded kernel, or one that a macro declares.
  std::optional<std::vector<SourceParameter>> parameters;
};
// Finds the kernel `name` in the source at `file`, which is in `sources` with all that it includes.
// The source may leave out the name if it has one kernel. Knobs among the template arguments get
// their '$' if they lack it. Throws Error that names the option.
KernelChoice choose_kernel(const SourceOption& option, const std::string& name,
                           const std::string& file, const Texts& sources,
                           const std::vector<std::string>& knobs);

}  // namespace tw
