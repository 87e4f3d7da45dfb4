// Tokens of the expression language.
#include "core/expr/expr_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr std::size_t kShownWord = 40;  // characters of a word in a message

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

bool ExprLexer::is_part_of_name(std::size_t i) const {
  const char c = at(i);
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
}

ExprToken ExprLexer::next() {
  while (std::isspace(static_cast<unsigned char>(at(next_)))) ++next_;
  const std::size_t begin = next_;
  ExprToken token{ExprToken::Kind::end, {}, begin + 1, 0};
  if (begin >= text_.size()) return token;
  if (is_part_of_name(begin)) {
    while (is_part_of_name(next_)) ++next_;
    token.text = text_.substr(begin, next_ - begin);
    token.kind = is_digit(at(begin)) ? ExprToken::Kind::number : ExprToken::Kind::name;
    if (token.kind == ExprToken::Kind::number) token.value = number(token);
  } else if (at(begin) == '\'') {
    const std::size_t close = text_.find('\'', begin + 1);
    if (close == text_.npos) fail(token, "expected a closing '");
    token.kind = ExprToken::Kind::word;
    token.text = text_.substr(begin + 1, close - begin - 1);
    next_ = close + 1;
  } else {
    constexpr std::string_view kTwo[] = {"||", "&&", "==", "!=", "<=", ">=", "<<", ">>"};
    const bool two =
        std::find(std::begin(kTwo), std::end(kTwo), text_.substr(begin, 2)) != std::end(kTwo);
    next_ += two ? 2 : 1;
    token.kind = ExprToken::Kind::symbol;
    token.text = text_.substr(begin, next_ - begin);
  }
  return token;
}

std::int64_t ExprLexer::number(const ExprToken& token) const {
  std::string_view digits = token.text;
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (hexadecimal) digits.remove_prefix(2);
  const char* const last = digits.data() + digits.size();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), last, value, hexadecimal ? 16 : 10);
  if (error == std::errc::result_out_of_range) fail(token, "the number is 2^63 or more");
  const bool octal = !hexadecimal && digits.size() > 1 && digits[0] == '0';
  const bool sign = digits.starts_with('-');
  if (error != std::errc() || end != last || octal || sign) {
    fail(token, fmt::format("'{}' is no number: expected an integer, decimal or 0x...",
                            token.text.substr(0, kShownWord)));
  }
  return value;
}

void ExprLexer::fail(const ExprToken& token, const std::string& what) const {
  constexpr std::size_t kShown = 120;  // characters of the text in a message
  const std::size_t start = token.column > kShown / 2 ? token.column - kShown / 2 : 0;
  std::string shown(text_.size() <= kShown ? text_ : text_.substr(start, kShown));
  for (char& c : shown) c = std::isprint(static_cast<unsigned char>(c)) ? c : ' ';
  throw Error(fmt::format("column {} of \"{}\": {}", token.column, shown, what));
}

std::string describe(const ExprToken& token) {
  if (token.kind == ExprToken::Kind::end) return "the end";
  if (token.text == "and") return "'and': write && for it";
  if (token.text == "or") return "'or': write || for it";
  if (token.text == "=") return "'=': write == for it";
  std::string text(token.text.substr(0, kShownWord));
  for (char& c : text) c = std::isprint(static_cast<unsigned char>(c)) ? c : '?';
  return fmt::format("'{}'", text);
}

}  // namespace tw
