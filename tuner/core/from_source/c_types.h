// The names that C, C++ and CUDA give to types, and the storage types that they mean.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/types/dtype.h"

namespace tw {

// A type of an element or of a number.
struct CType {
  DType dtype{};
  int lanes = 1;         // 4 for float4
  bool is_bool = false;  // its numbers are 0 and 1
};

// Returns the type of a name: "f32", "float", "unsigned  char", "float4", "size_t". Returns nothing
// for other names, such as those of a template's parameters.
std::optional<CType> c_type(std::string_view name);
// Returns `text` with one blank where it has several, and with none at its ends.
std::string with_single_blanks(std::string_view text);

}  // namespace tw
