#include "emit/header/directives.h"

#include <algorithm>

#include "emit/header/tokens.h"

namespace tw::header {
namespace {

// Returns whether a comment begins in the text and does not end in it.
bool opens_comment(std::string_view text) {
  const auto open = text.rfind("/*");
  return open != text.npos && text.find("*/", open + 2) == text.npos &&
         text.substr(0, open).find("//") == text.npos;
}

Directive directive_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  std::string_view line;
  do {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
    line = text.substr(at, end - at);
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
  } while (end < text.size() && (line.ends_with('\\') || opens_comment(line)));
  Directive directive;
  directive.text = text.substr(at, end - at);
  const std::string_view behind = trimmed(directive.text.substr(1));
  directive.word = word_of(behind);
  directive.rest = trimmed(behind.substr(directive.word.size()));
  return directive;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != text.npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != text.npos) {
    text.remove_suffix(1);
  }
  return text;
}

Word word_of(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && continues_identifier(text[end])) ++end;
  return text.substr(0, end);
}

bool is_identifier(Word word) {
  const auto continues = [](char c) { return continues_identifier(c); };
  return !word.empty() && (word.front() < '0' || word.front() > '9') &&
         std::all_of(word.begin(), word.end(), continues);
}

bool is_blank(Word word) {
  return trimmed(word).empty() || word.starts_with("//") || word.starts_with("/*") || word == "\\";
}

void walk(std::string_view text, const std::function<void(const Directive&)>& on_directive,
          const std::function<void(Word)>& on_word) {
  bool begins_line = true;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '#' && begins_line) {
      const Directive directive = directive_at(text, at);
      on_directive(directive);
      at += directive.text.size();
      continue;
    }
    const std::size_t end = token_at(text, at).end;
    const Word word = text.substr(at, end - at);
    on_word(word);
    if (word == "\n") {
      begins_line = true;
    } else if (word != " " && word != "\t" && !word.starts_with("/*")) {
      begins_line = false;
    }
    at = end;
  }
}

}  // namespace tw::header
