#include "devices/cpu/compile/extern_shared.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <string_view>
#include <vector>

#include "core/spec/sources.h"

namespace tw::cpu {
namespace {

// Declarations are short. A bound keeps the regular expression, which is recursive, from deep
// stacks.
constexpr std::size_t longest = 400;

// extern __shared__ __align__(16) TYPE NAME[][EXTENTS];
const std::regex& declaration() {
  static const std::regex pattern(
      R"((?:extern\s+__shared__|__shared__\s+extern|extern\s+volatile\s+__shared__)\s+)"
      R"((?:(?:__align__|alignas)\s*\([^()]*\)\s*|__attribute__\s*\(\([^()]*(?:\([^()]*\))?\)\)\s*)*)"
      R"(([A-Za-z_][\w:<>,\s]*?[\s>])(?:__align__\s*\([^()]*\)\s*)?([A-Za-z_]\w*)\s*\[\s*\]((?:\s*\[[^\]]*\])*)\s*;)");
  return pattern;
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

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.pop_back();
  }
  return text;
}

}  // namespace

std::string with_dynamic_shared(const std::string& source, const std::string& path) {
  const std::string code = without_comments(source);
  std::string result;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const std::string_view rest = std::string_view(code).substr(at, longest);
    const bool may_begin = (rest.starts_with("extern") || rest.starts_with("__shared__")) &&
                           rest.find("__shared__") != rest.npos;
    std::cmatch found;
    if (!may_begin || !std::regex_search(rest.data(), rest.data() + rest.size(), found,
                                         declaration(), std::regex_constants::match_continuous)) {
      continue;
    }
    const std::string type = trimmed(found[1]), name = found[2], extents = found[3];
    const std::string pointer =
        extents.empty() ? type + "*" : fmt::format("{}(*){}", type, extents);
    const std::string value =
        fmt::format("reinterpret_cast<{}>(tw_cpu::dynamic_shared())", pointer);
    const auto length = static_cast<std::size_t>(found.length(0));
    const auto lines =
        std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(at + length), '\n');
    result += source.substr(copied, at - copied);
    result += is_at_namespace_scope(code, at) ? fmt::format("\n#define {} ({})\n#line {} \"{}\"\n",
                                                            name, value, lines + 1, path)
                                              : fmt::format("auto* const {} = {};", name, value);
    result += std::string(
        static_cast<std::size_t>(std::count(found[0].first, found[0].second, '\n')), '\n');
    copied = at + length;
    at = copied - 1;
  }
  return result + source.substr(copied);
}

}  // namespace tw::cpu
