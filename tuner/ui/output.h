// What is told to the user. Names, notes and paths come from files and databases of others: none of
// them steers the terminal.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// `text` with its control characters, but for newlines, as '?'.
std::string printable(std::string_view text);
// So, and its white space as blanks.
std::string one_line(std::string_view text);

// Text for people on stdout.
void show(std::string_view text);
// One line on stderr. That nobody can read it there is no fault: the results go elsewhere.
void say(std::string_view line);

}  // namespace tw
