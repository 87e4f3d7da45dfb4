#include "devices/cpu/compile/extern_shared.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/sources.h"

namespace tw::cpu {
namespace {

// Declarations are short. A bound keeps the regular expressions, which are recursive, from deep
// stacks.
constexpr std::size_t longest = 400;

constexpr std::string_view alignment = R"((?:(?:__align__|alignas)\s*\([^()]*\)|)"
                                       R"(__attribute__\s*\(\([^()]*(?:\([^()]*\))?\)\)))";

// extern __shared__ __align__(16) TYPE NAME[][EXTENTS], NAME[]; in a macro without the semicolon.
const std::regex& declaration() {
  static const std::regex pattern(
      fmt::format(R"(((?:(?:extern|__shared__|volatile)\b\s*|{0}\s*)+))"
                  R"(([A-Za-z_][\w:<>,\s*]*?[\s>*])(?:{0}\s*)?)"
                  R"((\w+(?:\s*\[[^\]]*\])*(?:\s*,\s*\w+(?:\s*\[[^\]]*\])*)*)\s*(;|$))",
                  alignment));
  return pattern;
}

// Returns the word with which the text begins; empty if it begins with something else.
std::string_view first_word(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(
                            std::find_if_not(text.begin(), text.end(), is_word) - text.begin()));
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

// Macros that stand for specifiers, with __shared__ among them: "DYN" is "extern __shared__".
using Macros = std::map<std::string, std::string, std::less<>>;

// Returns those of the sources. A macro that stands for different specifiers is left out.
Macros macros_of(const Texts& sources) {
  static const std::regex define(R"(\s*#\s*define\s+(\w+)\s+(.*))");
  static const std::regex specifiers(fmt::format(R"((?:[\w:<>,\s*]|{})+)", alignment));
  Macros macros;
  for (const auto& [path, source] : sources) {
    std::istringstream lines(without_comments(source));
    for (std::string line; std::getline(lines, line);) {
      std::smatch found;
      line = trimmed(line);
      if (line.size() > longest || !std::regex_match(line, found, define)) continue;
      const std::string body = found[2];
      if (!mentions(body, "__shared__") || !std::regex_match(body, specifiers)) continue;
      const auto [at, is_new] = macros.emplace(found[1], body);
      if (!is_new && at->second != body) at->second.clear();
    }
  }
  std::erase_if(macros, [](const auto& macro) { return macro.second.empty(); });
  return macros;
}

// The rest of a source, with the macros among its first specifiers replaced.
struct Rest {
  std::string text;
  std::size_t longer = 0;  // than the source, modulo 2^64
};

Rest with_specifiers(std::string_view rest, const Macros& macros) {
  std::string begin;
  std::size_t at = 0;
  while (true) {
    const std::string_view word = first_word(rest.substr(at));
    const auto macro = macros.find(word);
    if (macro == macros.end() && word != "extern" && word != "volatile" && word != "__shared__") {
      break;
    }
    begin += macro == macros.end() ? std::string(word) : macro->second;
    begin += ' ';
    at += word.size();
    at += std::min(rest.substr(at).find_first_not_of(" \t\r\n"), rest.size() - at);
  }
  return {begin + std::string(rest.substr(at)), begin.size() - at};
}

// Returns the line of the place from the place on if it belongs to a directive, as in
// `#define DECLARE(T, name) extern __shared__ T name[]`.
std::optional<std::string_view> rest_of_directive(std::string_view code, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && (code[begin - 1] != '\n' || (begin > 1 && code[begin - 2] == '\\'))) --begin;
  const std::string_view before = code.substr(begin, at - begin);
  const std::size_t first = before.find_first_not_of(" \t\r\n");
  if (first == before.npos || before[first] != '#') return std::nullopt;
  std::string_view line = code.substr(at, code.find('\n', at) - at);
  if (line.ends_with('\\')) line.remove_suffix(1);
  return line;
}

// Returns whether the place is outside of all functions and classes: each open brace before it
// belongs to a namespace or to extern "C".
bool is_at_namespace_scope(std::string_view code, std::size_t at) {
  std::vector<bool> opens_namespace;
  std::size_t begin = 0;  // of what comes before the next brace
  for (std::size_t i = 0; i < at; ++i) {
    if (code[i] == ';') begin = i + 1;
    if (code[i] == '}' && !opens_namespace.empty()) opens_namespace.pop_back();
    if (code[i] == '{') {
      const std::string_view before = code.substr(begin, i - begin);
      const bool has_list = before.find('(') != before.npos;
      opens_namespace.push_back(!has_list && (before.find("namespace") != before.npos ||
                                              before.find("extern") != before.npos));
    }
    if (code[i] == '{' || code[i] == '}') begin = i + 1;
  }
  return std::all_of(opens_namespace.begin(), opens_namespace.end(), [](bool yes) { return yes; });
}

// A declaration of dynamic shared memory.
struct Declaration {
  std::string type;
  std::string declarators;  // "a[], b[][W + 1]"
  std::size_t length = 0;   // in the source
  bool ends = false;        // with a semicolon
};

std::optional<Declaration> declaration_at(std::string_view rest, bool is_directive,
                                          const Macros& macros) {
  const Rest expanded = with_specifiers(rest, macros);
  std::smatch found;
  if (!std::regex_search(expanded.text, found, declaration(),
                         std::regex_constants::match_continuous)) {
    return std::nullopt;
  }
  const std::string specifiers = found[1];
  Declaration result{trimmed(found[2]), found[3],
                     static_cast<std::size_t>(found.length(0)) - expanded.longer,
                     found.length(4) > 0};
  // The asterisk belongs to the first name alone.
  const bool is_mixed =
      result.type.ends_with('*') && result.declarators.find(',') != std::string::npos;
  if (!mentions(specifiers, "extern") || !mentions(specifiers, "__shared__") || is_mixed ||
      (!result.ends && (!is_directive || !result.declarators.ends_with(']')))) {
    return std::nullopt;
  }
  if (mentions(specifiers, "volatile")) result.type = "volatile " + result.type;
  return result;
}

// Returns what means the same on this device. `as_macros`: for namespace scope, where nothing may
// run.
std::string replacement(const Declaration& declaration, bool as_macros) {
  static const std::regex declarator(R"((\w+)((?:\s*\[[^\]]*\])*))");
  std::string result;
  for (std::sregex_iterator
           at(declaration.declarators.begin(), declaration.declarators.end(), declarator),
       end;
       at != end; ++at) {
    const std::string name = (*at)[1], brackets = (*at)[2];
    const bool is_array = !brackets.empty();
    const std::string extents = is_array ? brackets.substr(brackets.find(']') + 1) : "";
    const std::string pointer = extents.empty() ? declaration.type + "*"
                                                : fmt::format("{}(*){}", declaration.type, extents);
    const std::string value = fmt::format("{}reinterpret_cast<{}>(tw_cpu::dynamic_shared())",
                                          is_array ? "" : "*", pointer);
    if (as_macros) {
      result += fmt::format("\n#define {} ({})", name, value);
    } else {
      result += fmt::format("{}auto{} {} = {}", result.empty() ? "" : "; ",
                            is_array ? "* const" : "&", name, value);
    }
  }
  return result + (declaration.ends && !as_macros ? ";" : "");
}

std::string replaced_in(const std::string& source, const std::string& path, const Macros& macros) {
  const std::string code = without_comments(source);
  std::string result;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (at > 0 && is_word(code[at - 1])) continue;
    const std::string_view word = first_word(std::string_view(code).substr(at, longest));
    const bool may_begin =
        word == "extern" || word == "volatile" || word == "__shared__" || macros.contains(word);
    if (!may_begin) continue;
    const auto directive = rest_of_directive(code, at);
    const auto declaration =
        declaration_at(directive.value_or(std::string_view(code).substr(at, longest)),
                       directive.has_value(), macros);
    if (!declaration) continue;
    const auto end = code.begin() + static_cast<std::ptrdiff_t>(at + declaration->length);
    const bool as_macros = !directive && is_at_namespace_scope(code, at);
    result += source.substr(copied, at - copied) + replacement(*declaration, as_macros);
    if (as_macros) {
      result += fmt::format("\n#line {} \"{}\"\n", std::count(code.begin(), end, '\n') + 1, path);
    }
    result += std::string(static_cast<std::size_t>(std::count(
                              code.begin() + static_cast<std::ptrdiff_t>(at), end, '\n')),
                          '\n');
    copied = at + declaration->length;
    at = copied - 1;
  }
  return result + source.substr(copied);
}

}  // namespace

Texts with_dynamic_shared(const Texts& sources) {
  const Macros macros = macros_of(sources);
  Texts result;
  for (const auto& [path, source] : sources) result[path] = replaced_in(source, path, macros);
  return result;
}

}  // namespace tw::cpu
