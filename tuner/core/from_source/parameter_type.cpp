#include "core/from_source/parameter_type.h"

#include "core/from_source/source_functions.h"

namespace tw {

ParameterType parameter_type(const std::string& text) {
  std::string type = without_qualifiers(text);
  ParameterType found;
  if (type.ends_with('*')) {
    type.pop_back();
    found.is_pointer = true;
  }
  found.type = c_type(type);
  return found;
}

bool agree(DType a, DType b) {
  return a == b || (is_integer(a) && is_integer(b) && size_of(a) == size_of(b));
}

}  // namespace tw
