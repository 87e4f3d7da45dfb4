// C++ sources as tokens. Private to this room.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace tw::header {

bool continues_identifier(char c);

// Returns the end of the quoted text that begins at `at`, or at + 1 if its line ends first: an
// apostrophe in the text of an #error begins no character literal.
std::size_t end_of_quoted(std::string_view text, std::size_t at);

struct Token {
  enum class Kind { identifier, other } kind;
  std::size_t end;
};
// Returns the token at `at`: an identifier, or a comment, literal or character that is copied
// unchanged.
Token token_at(std::string_view text, std::size_t at);

// Returns the path in `sources` that an #include "name" in `from` means; empty if there is none.
std::string included_path(const std::string& name, const std::string& from,
                          const std::map<std::string, std::string, std::less<>>& sources);

}  // namespace tw::header
