// The parts of a text that a user wrote, and the numbers that they are.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// Returns the parts between the separators. There is one more part than separators; parts may be
// empty.
std::vector<std::string> split(std::string_view text, char separator);
// Returns the text without the blanks at its ends.
std::string_view trimmed(std::string_view text);
// Returns the number that the whole text is, in decimal; nothing if it is none or does not fit.
std::optional<std::int64_t> integer_from(std::string_view text);

}  // namespace tw
