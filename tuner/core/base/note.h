// Messages of compilers, as far as they are kept.
#pragma once
#include <string>
#include <string_view>

namespace tw {

// The line of `text` in which `at` lies, as a Measurement's note: at most 1000 characters, since a
// template's error can be megabytes, and without what a terminal obeys, which a #line can hold.
std::string note_at(std::string_view text, std::size_t at);

}  // namespace tw
