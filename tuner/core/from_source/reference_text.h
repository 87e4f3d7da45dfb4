// The kernel that says what is right, on the command line: --reference.
#pragma once
#include <string>
#include <vector>

#include "core/from_source/source_option.h"

namespace tw {

// A kernel and its launch: "plain<<<ceil_div(n, 256), 256>>>". Without the brackets it is launched
// as the kernel that is tuned.
struct ReferenceText {
  std::string name;
  std::vector<std::string> grid, block;  // expressions; empty if there are no brackets
  std::string smem;                      // empty if there is none
};

// Throws Error that names the option.
ReferenceText read_reference_text(const SourceOption& option);

// A name and what stands for it.
struct Replacement {
  std::string name, value;
};
// Returns the expression with the values of names in it: "(64) * 2" for "BLOCK * 2".
std::string with_replaced(const std::string& expression, const std::vector<Replacement>& values);

}  // namespace tw
