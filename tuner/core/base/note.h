// Shortens the messages of compilers to notes.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// Returns the line of `text` that contains offset `at`, as the note of a Measurement. The note has
// at most 1000 characters, because the error of a template can be megabytes long. Control
// characters for the terminal are removed, because a #line directive can contain them.
std::string note_at(std::string_view text, std::size_t at);

}  // namespace tw
