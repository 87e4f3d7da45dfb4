// A source as directives of the preprocessor and tokens. Private to this room.
#pragma once
#include <functional>
#include <string_view>

namespace tw::header {

// A directive of the preprocessor, with the lines that continue it.
struct Directive {
  std::string_view text;  // from '#', with the newline
  std::string_view word;  // "include"
  std::string_view rest;  // behind the word, without blanks around it
};

// A token as text: an identifier, a comment, a literal or a character.
using Word = std::string_view;

// Returns the text without blanks around it.
std::string_view trimmed(std::string_view text);
// Returns the identifier at the begin of the text; empty if there is none.
Word word_of(std::string_view text);
// Returns whether the token is an identifier; keywords are identifiers too.
bool is_identifier(Word word);
// Returns whether the token is a blank, a comment, or the backslash that continues a line.
bool is_blank(Word word);
// Calls `on_directive` for each directive, and `on_word` for everything else.
void walk(std::string_view text, const std::function<void(const Directive&)>& on_directive,
          const std::function<void(Word)>& on_word);

}  // namespace tw::header
