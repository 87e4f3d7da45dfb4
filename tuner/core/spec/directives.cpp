#include "core/spec/directives.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "core/spec/sources.h"
#include "core/text/words.h"

namespace tw {
namespace {

// A directive, over all lines that it has.
struct Directive {
  std::size_t line = 0, lines = 1;
  std::string word;  // "ifdef"
  std::string rest;  // "NAME"
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Directive> directives_of(const std::vector<std::string_view>& lines) {
  std::vector<Directive> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = trimmed(lines[i]);
    if (!line.starts_with('#')) continue;
    Directive directive;
    directive.line = i;
    std::string text(trimmed(line.substr(1)));
    while (text.ends_with('\\') && i + 1 < lines.size()) {
      text.pop_back();
      text += trimmed(lines[++i]);
      ++directive.lines;
    }
    const auto end = std::find_if_not(text.begin(), text.end(), is_word);
    directive.word.assign(text.begin(), end);
    directive.rest = trimmed(std::string_view(text).substr(directive.word.size()));
    found.push_back(std::move(directive));
  }
  return found;
}

// Returns whether the first directives are #ifndef NAME and #define NAME, and the last one is the
// #endif that belongs to them.
bool has_include_guard(const std::vector<Directive>& directives) {
  if (directives.size() < 3 || directives[0].word != "ifndef" || directives[1].word != "define") {
    return false;
  }
  const std::string& defined = directives[1].rest;
  if (defined.substr(0, defined.find_first_of(" \t(")) != directives[0].rest) return false;
  int depth = 0;
  for (std::size_t i = 0; i < directives.size(); ++i) {
    const std::string& word = directives[i].word;
    if (word.starts_with("if")) ++depth;
    if (word.starts_with("el") && depth == 1) return false;
    if (word == "endif" && --depth == 0) return i + 1 == directives.size();
  }
  return false;
}

}  // namespace

std::vector<bool> conditional_lines(std::string_view code) {
  const std::vector<std::string_view> lines = lines_of(code);
  const std::vector<Directive> directives = directives_of(lines);
  const int outside = has_include_guard(directives) ? 1 : 0;
  std::vector<bool> conditional(lines.size());
  int depth = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (next < directives.size() && directives[next].line == i) {
      const std::string& word = directives[next].word;
      if (word.starts_with("if")) ++depth;
      if (word == "endif") --depth;
      ++next;
    }
    conditional[i] = depth > outside;
  }
  return conditional;
}

std::string plain_code(std::string_view text) {
  std::string code = without_comments(text);
  bool starts_line = true;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '#' && starts_line) {
      for (; i < code.size() && code[i] != '\n'; ++i) {
        if (code[i] == '\\' && i + 1 < code.size() && code[i + 1] == '\n') code[i++] = ' ';
        code[i] = ' ';
      }
    } else if (c == '"' || (c == '\'' && (i == 0 || !is_word(code[i - 1])))) {
      for (++i; i < code.size() && code[i] != c && code[i] != '\n'; ++i) {
        if (code[i] == '\\' && i + 1 < code.size()) code[i++] = ' ';
        code[i] = ' ';
      }
    }
    if (i < code.size() && code[i] == '\n') {
      starts_line = true;
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      starts_line = false;
    }
  }
  return code;
}

std::string unconditional_code(std::string_view text) {
  const std::string code = without_comments(text);
  const std::vector<std::string_view> lines = lines_of(code);
  const std::vector<bool> conditional = conditional_lines(code);
  std::string certain;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!conditional[i]) certain += lines[i];
    certain += '\n';
  }
  return plain_code(certain);
}

bool may_remove_macro(std::string_view text, std::string_view name) {
  const std::string code = without_comments(text);
  for (const Directive& one : directives_of(lines_of(code))) {
    if ((one.word == "undef" || one.word == "pragma") && mentions(one.rest, name)) return true;
  }
  return false;
}

}  // namespace tw
