// The types of a kernel's parameters, as far as a source says them.
#pragma once
#include <optional>
#include <string>

#include "core/from_source/c_types.h"

namespace tw {

// The type of a parameter, or of what it points to.
struct ParameterType {
  std::optional<CType> type;  // nothing for a type of the source's own, such as T
  bool is_pointer = false;
};
// Reads a type as the source writes it: "const float* __restrict__".
ParameterType parameter_type(const std::string& text);

// Returns whether a number of type `a` can be passed as a `b`. Integers of one size are one type
// here: nothing is lost if one is taken for the other.
bool agree(DType a, DType b);

}  // namespace tw
