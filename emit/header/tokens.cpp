#include "emit/header/tokens.h"

#include <algorithm>
#include <cctype>

namespace tw::header {
namespace {

bool starts_identifier(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }

std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
  const auto open = text.find('(', quote);
  if (open == std::string_view::npos) return quote + 1;
  const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const auto end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_line_comment(std::string_view text, std::size_t at) {
  auto end = text.find('\n', at);
  while (end != std::string_view::npos && text[end - 1] == '\\') end = text.find('\n', end + 1);
  return std::min(end, text.size());
}

}  // namespace

bool continues_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[at]) {
      return i + 1;
    }
  }
  return at + 1;
}

Token token_at(std::string_view text, std::size_t at) {
  using Kind = Token::Kind;
  const std::string_view rest = text.substr(at);
  if (rest.substr(0, 2) == "//") return {Kind::other, end_of_line_comment(text, at)};
  if (rest.substr(0, 2) == "/*") {
    const auto end = text.find("*/", at + 2);
    return {Kind::other, end == std::string_view::npos ? text.size() : end + 2};
  }
  if (rest[0] == '"' || rest[0] == '\'') return {Kind::other, end_of_quoted(text, at)};
  std::size_t end = at + 1;
  if (std::isdigit(static_cast<unsigned char>(rest[0]))) {  // 1'000u, 0x1F, 1.5f
    while (end < text.size() &&
           (continues_identifier(text[end]) || text[end] == '\'' || text[end] == '.')) {
      ++end;
    }
    return {Kind::other, end};
  }
  if (!starts_identifier(rest[0])) return {Kind::other, end};
  while (end < text.size() && continues_identifier(text[end])) ++end;
  if (end < text.size() && text[end] == '"' && text[end - 1] == 'R') {
    return {Kind::other, end_of_raw_string(text, end)};
  }
  return {Kind::identifier, end};
}

std::string included_path(const std::string& name, const std::string& from,
                          const std::map<std::string, std::string, std::less<>>& sources) {
  const auto slash = from.rfind('/');
  const std::string beside = slash == std::string::npos ? name : from.substr(0, slash + 1) + name;
  if (sources.count(beside)) return beside;
  return sources.count(name) ? name : "";
}

}  // namespace tw::header
