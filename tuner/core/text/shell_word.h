// Command lines for people to copy.
#pragma once
#include <string>

namespace tw {

// Returns the word as a POSIX shell reads it: quoted if it needs to be.
std::string shell_word(const std::string& word);

}  // namespace tw
