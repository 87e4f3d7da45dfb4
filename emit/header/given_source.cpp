#include "emit/header/given_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

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

// Calls `on_directive` for each directive, and `on_token` for everything else.
void walk(std::string_view text, const std::function<void(const Directive&)>& on_directive,
          const std::function<void(std::string_view, header::Token::Kind)>& on_token) {
  bool begins_line = true;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '#' && begins_line) {
      const Directive directive = directive_at(text, at);
      on_directive(directive);
      at += directive.text.size();
      continue;
    }
    const header::Token token = header::token_at(text, at);
    const std::string_view word = text.substr(at, token.end - at);
    on_token(word, token.kind);
    if (word == "\n") {
      begins_line = true;
    } else if (word != " " && word != "\t" && !word.starts_with("/*")) {
      begins_line = false;
    }
    at = token.end;
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
      text, [&](const Directive& one) { found = found || is_once(one); },
      [](std::string_view, header::Token::Kind) {});
  return found;
}

// Returns as many newlines as the text has, so that lines keep their numbers.
std::string newlines_of(std::string_view text) {
  return std::string(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), '\n');
}

std::string guarded_once(const std::string& text, const std::string& path, std::string_view digest,
                         std::string_view original) {
  return has_once(original) ? guarded(text, guard_of(path, digest)) : text;
}

}  // namespace

std::string namespace_source(const std::string& path, const Texts& sources,
                             std::string_view digest) {
  const std::string& text = sources.find(path)->second;
  std::string result;
  bool follows_extern = false;
  walk(
      text,
      [&](const Directive& directive) {
        const std::string target = included_by(directive, path, sources);
        if (!target.empty()) {
          result += include_of(target, path);
        } else if (directive.word == "include" || is_once(directive)) {
          result += newlines_of(directive.text);
        } else {
          result += directive.text;
        }
      },
      [&](std::string_view word, header::Token::Kind kind) {
        const bool is_linkage = follows_extern && word == "\"C\"";
        result += is_linkage ? std::string_view("\"C++\"") : word;
        const bool is_space = trimmed(word).empty() || word.starts_with("/");
        if (!is_space) {
          follows_extern = kind == header::Token::Kind::identifier && word == "extern";
        }
      });
  return guarded_once(result, path, digest, text);
}

std::string system_headers_of(const std::string& path, const Texts& sources,
                              std::string_view digest) {
  const std::string& text = sources.find(path)->second;
  std::string result;
  walk(
      text,
      [&](const Directive& directive) {
        const std::string target = included_by(directive, path, sources);
        if (!target.empty()) {
          result += include_of(target, path);
        } else if (directive.word != "pragma") {
          result += directive.text;
          if (!directive.text.ends_with('\n')) result += '\n';
        }
      },
      [](std::string_view, header::Token::Kind) {});
  return guarded_once(result, path, digest, text);
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
      [](std::string_view, header::Token::Kind) {});
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
        [](std::string_view, header::Token::Kind) {});
  }
  return all;
}

}  // namespace tw
