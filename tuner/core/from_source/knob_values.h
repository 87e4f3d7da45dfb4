// The values of a knob on the command line.
#pragma once
#include <string>
#include <vector>

#include "core/from_source/source_option.h"

namespace tw {

// A knob of the command line: BLOCK=64,128,256.
struct KnobText {
  std::string name;
  std::vector<std::string> values;  // as TOML has them: numbers, booleans or quoted texts
};

// Reads "BLOCK=64,128,256", "T=float,half", "VEC=1..4" and "TILE=16..128:*2". Throws Error that names the option.
KnobText read_knob(const SourceOption& option);

}  // namespace tw
