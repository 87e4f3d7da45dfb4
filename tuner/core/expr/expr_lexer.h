// Splits the text of an expression into tokens, and words the messages about them. Private to the
// parser.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tw {

struct ExprToken {
  enum class Kind { end, number, name, word, symbol } kind = Kind::end;
  std::string_view text;   // a word is without its quotes
  std::size_t column = 1;  // of its first character
  std::int64_t value = 0;  // of a number
};

class ExprLexer {
 public:
  explicit ExprLexer(std::string_view text) : text_(text) {}

  // Returns the next token. Throws Error if there is no valid token.
  ExprToken next();
  [[noreturn]] void fail(const ExprToken& at, const std::string& what) const;

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool is_part_of_name(std::size_t i) const;
  std::int64_t number(const ExprToken& token) const;

  std::string_view text_;
  std::size_t next_ = 0;
};

// Returns a token for messages: "'+'", "the end", "'and': write && for it".
std::string describe(const ExprToken& token);

}  // namespace tw
