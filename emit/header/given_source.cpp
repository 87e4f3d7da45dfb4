#include "emit/header/given_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "emit/header/directives.h"
#include "emit/header/text.h"
#include "emit/header/tokens.h"
#include "emit/header/unit_names.h"
#include "emit/header/unit_text.h"

namespace tw {
namespace {

using header::Directive;
using header::walk;
using header::Word;
using header::word_of;
using Texts = std::map<std::string, std::string, std::less<>>;

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
// guard. `copy` and `copy_code` return what becomes of another directive, and of the code between
// two directives.
std::string copy_of(const std::string& path, const Texts& sources, std::string_view digest,
                    const std::function<std::string(const Directive&)>& copy,
                    const std::function<std::string(std::string_view)>& copy_code) {
  const std::string& text = sources.find(path)->second;
  std::string result, code;
  const auto end_code = [&] {
    result += copy_code(code);
    code.clear();
  };
  walk(
      text,
      [&](const Directive& directive) {
        end_code();
        const std::string target = included_by(directive, path, sources);
        result += target.empty() ? copy(directive) : include_of(target, path);
      },
      [&](Word word) { code += word; });
  end_code();
  return has_once(text) ? guarded(result, guard_of(path, digest)) : result;
}

// Returns the names of all sources that can be in one unit with the source.
header::UnitNames names_beside(const std::string& path, const Texts& sources) {
  std::set<std::string> beside;
  for (const auto& [root, text] : sources) {
    const std::vector<std::string> closure = closure_of(root, sources);
    if (std::find(closure.begin(), closure.end(), path) == closure.end()) continue;
    beside.insert(closure.begin(), closure.end());
  }
  header::UnitNames names;
  for (const std::string& one : beside) header::add_names(sources.find(one)->second, names);
  return names;
}

}  // namespace

std::string namespace_source(const std::string& path, const Texts& sources,
                             std::string_view digest) {
  const header::UnitNames names = names_beside(path, sources);
  return copy_of(
      path, sources, digest,
      [&](const Directive& directive) {
        const bool is_left_out = directive.word == "include" || is_once(directive);
        return is_left_out ? newlines_of(directive.text) : header::unit_text(directive.text, names);
      },
      [&](std::string_view code) { return header::unit_text(code, names); });
}

void replace_in_unit(const std::vector<std::string*>& texts, const std::string& path,
                     const Texts& sources) {
  const header::UnitNames names = names_beside(path, sources);
  for (std::string* text : texts) *text = header::unit_text(*text, names);
}

std::string system_headers_of(const std::string& path, const Texts& sources,
                              std::string_view digest) {
  return copy_of(
      path, sources, digest,
      [](const Directive& directive) {
        if (directive.word == "pragma") return std::string();
        return std::string(directive.text) + (directive.text.ends_with('\n') ? "" : "\n");
      },
      [](std::string_view) { return std::string(); });
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
