// Splits the texts of options. Private to the room.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/from_source/source_option.h"

namespace tw {

// Returns the parts between separators that are outside of (), [] and {}, without blanks at their
// ends.
std::vector<std::string> split_outside(std::string_view text, char separator);
// Returns the two sides of the first '=' of an option's text. Throws Error if there is no '=', or
// no identifier before it; `example` shows what is right.
std::pair<std::string, std::string> named_value(const SourceOption& option,
                                                std::string_view example);

}  // namespace tw
