// The code of a source as it stands in a namespace. Private to this room.
#pragma once
#include <string>
#include <string_view>

#include "emit/header/unit_names.h"

namespace tw::header {

// The name by which a namespace with a source calls itself.
inline constexpr std::string_view unit_alias = "tilewright_unit";
// Returns the text with `extern "C++"` for `extern "C"`, and with the alias before `::name` if the
// name is one of the sources' own.
std::string unit_text(std::string_view text, const UnitNames& names);

}  // namespace tw::header
