#include "emit/header/given_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "emit/header/text.h"
#include "emit/header/tokens.h"

namespace tw {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

// A directive of the preprocessor, with the lines that continue it.
struct Directive {
  std::string_view text;  // from '#', with the newline
  std::string_view word;  // "include"
  std::string_view rest;  // behind the word, without blanks around it
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != text.npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != text.npos) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view word_of(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && header::continues_identifier(text[end])) ++end;
  return text.substr(0, end);
}

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

// A token as text: an identifier, a comment, a literal or a character.
using Word = std::string_view;

// Calls `on_directive` for each directive, and `on_word` for everything else.
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
    const std::size_t end = header::token_at(text, at).end;
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

// Returns the path in the sources that the directive includes; empty if it includes none of them.
std::string included_by(const Directive& directive, const std::string& from, const Texts& sources) {
  if (directive.word != "include" || directive.rest.size() < 2) return "";
  const bool is_angled = directive.rest[0] == '<';
  if (!is_angled && directive.rest[0] != '"') return "";
  const auto close = directive.rest.find(is_angled ? '>' : '"', 1);
  if (close == std::string_view::npos) return "";
  return header::included_path(std::string(directive.rest.substr(1, close - 1)), from, sources);
}

std::string include_of(const std::string& target, const std::string& from) {
  std::string up;
  for (const char c : from) up += c == '/' ? "../" : "";
  return fmt::format("#include \"{}{}\"\n", up, target);
}

bool is_once(const Directive& directive) {
  return directive.word == "pragma" && word_of(directive.rest) == "once";
}

bool has_once(std::string_view text) {
  bool found = false;
  walk(
      text, [&](const Directive& one) { found = found || is_once(one); }, [](Word) {});
  return found;
}

// Returns as many newlines as the text has, so that lines keep their numbers.
std::string newlines_of(std::string_view text) {
  return std::string(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), '\n');
}

// Returns the source with its includes of other sources relative to it, and #pragma once as a
// guard. `copy` and `on_word` append what becomes of other directives and of everything else.
std::string copy_of(const std::string& path, const Texts& sources, std::string_view digest,
                    const std::function<void(const Directive&, std::string&)>& copy,
                    const std::function<void(Word, std::string&)>& on_word) {
  const std::string& text = sources.find(path)->second;
  std::string result;
  walk(
      text,
      [&](const Directive& directive) {
        const std::string target = included_by(directive, path, sources);
        if (target.empty()) {
          copy(directive, result);
        } else {
          result += include_of(target, path);
        }
      },
      [&](Word word) { on_word(word, result); });
  return has_once(text) ? guarded(result, guard_of(path, digest)) : result;
}

}  // namespace

std::string namespace_source(const std::string& path, const Texts& sources,
                             std::string_view digest) {
  bool follows_extern = false;
  return copy_of(
      path, sources, digest,
      [](const Directive& directive, std::string& result) {
        const bool is_left_out = directive.word == "include" || is_once(directive);
        result += is_left_out ? newlines_of(directive.text) : std::string(directive.text);
      },
      [&](Word word, std::string& result) {
        const bool is_linkage = follows_extern && word == "\"C\"";
        result += is_linkage ? Word("\"C++\"") : word;
        const bool is_space = trimmed(word).empty() || word.starts_with("/");
        if (!is_space) follows_extern = word == "extern";
      });
}

std::string system_headers_of(const std::string& path, const Texts& sources,
                              std::string_view digest) {
  return copy_of(
      path, sources, digest,
      [](const Directive& directive, std::string& result) {
        if (directive.word == "pragma") return;
        result += directive.text;
        if (!directive.text.ends_with('\n')) result += '\n';
      },
      [](Word, std::string&) {});
}

std::vector<SourceMacro> macros_of(const std::string& path, std::string_view text,
                                   std::string_view digest) {
  std::vector<SourceMacro> macros;
  if (has_once(text)) macros.push_back({guard_of(path, digest)});
  std::string missing;  // the name of an #ifndef that was the directive before
  walk(
      text,
      [&](const Directive& directive) {
        const std::string name(word_of(directive.rest));
        if (directive.word == "define") {
          const auto is_it = [&](const SourceMacro& macro) { return macro.name == name; };
          if (std::none_of(macros.begin(), macros.end(), is_it)) {
            macros.push_back({name, name == missing});
          }
        }
        missing = directive.word == "ifndef" ? name : "";
      },
      [](Word) {});
  return macros;
}

std::vector<std::string> closure_of(const std::string& path, const Texts& sources) {
  std::vector<std::string> all{path};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string from = all[i];
    walk(
        sources.find(from)->second,
        [&](const Directive& directive) {
          std::string target = included_by(directive, from, sources);
          if (!target.empty() && std::find(all.begin(), all.end(), target) == all.end()) {
            all.push_back(std::move(target));
          }
        },
        [](Word) {});
  }
  return all;
}

}  // namespace tw
