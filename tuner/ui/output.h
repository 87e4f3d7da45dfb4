// Messages to the user. Names, notes and paths may come from foreign files and databases, so
// control characters that could steer the terminal are replaced.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// Returns `text` with its control characters, except newlines, replaced by '?'.
std::string printable(std::string_view text);
// The same, with white space replaced by blanks.
std::string one_line(std::string_view text);

// Prints text for people on stdout.
void show(std::string_view text);
// Prints one line on stderr. A failed write is no fault, because the results go elsewhere.
void say(std::string_view line);

}  // namespace tw
