#include "core/spec/kernel_name.h"

#include <fmt/format.h>

#include <cctype>

#include "core/expr/expr.h"
#include "core/spec/sources.h"

namespace tw {
namespace {

// Returns whether `text` is "<...>" and its last character closes its first. A comparison or a
// shift must stand in parentheses, as C++ requires.
bool is_argument_list(std::string_view text) {
  constexpr std::string_view marks = " :,*&()[]{}<>+-%|^!~=?.$";
  int angles = 0, brackets = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_word(c) && marks.find(c) == marks.npos) return false;
    if (c == '(' || c == '[' || c == '{') ++brackets;
    if (c == ')' || c == ']' || c == '}') --brackets;
    if (c == '$' && !is_word(i + 1 < text.size() ? text[i + 1] : ' ')) return false;
    if (brackets < 0) return false;
    if (brackets > 0) continue;
    if (c == '<') ++angles;
    if (c == '>') --angles;
    if (angles == 0) return brackets == 0 && i + 1 == text.size();
  }
  return false;
}

std::string_view without_arguments(std::string_view name) {
  name = name.substr(0, name.find('<'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return name;
}

}  // namespace

bool is_qualified_name(std::string_view name) {
  for (std::size_t begin = 0;;) {
    const std::size_t end = name.find("::", begin);
    if (!is_identifier(name.substr(begin, end - begin))) return false;
    if (end == std::string_view::npos) return true;
    begin = end + 2;
  }
}

bool is_kernel_name(std::string_view name) {
  if (!is_qualified_name(without_arguments(name))) return false;
  const std::size_t arguments = name.find('<');
  return arguments == name.npos ? !name.ends_with(' ') : is_argument_list(name.substr(arguments));
}

std::string with_values(std::string_view name,
                        const std::function<std::string(std::string_view)>& value_of) {
  std::string result;
  for (std::size_t i = 0; i < name.size();) {
    if (name[i] != '$') {
      result += name[i++];
      continue;
    }
    const std::size_t begin = ++i;
    while (i < name.size() && is_word(name[i])) ++i;
    result += value_of(name.substr(begin, i - begin));
  }
  return result;
}

std::string function_of(std::string_view name) {
  const std::string_view qualified = without_arguments(name);
  const std::size_t colons = qualified.rfind("::");
  return std::string(colons == qualified.npos ? qualified : qualified.substr(colons + 2));
}

std::string identifier_of(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (is_word(c)) {
      result += c;
    } else if (!result.empty() && result.back() != '_') {
      result += '_';
    }
  }
  while (result.ends_with('_') && !name.ends_with('_')) result.pop_back();
  return result;
}

std::string constant_mismatch(const std::string& name, std::int64_t input, std::int64_t array) {
  if (input <= array) return "";
  return fmt::format("{} has {} bytes, and the array to which it is copied has {}", name, input,
                     array);
}

std::string parameter_mismatch(std::span<const std::size_t> taken,
                               std::span<const std::size_t> passed) {
  if (taken.size() != passed.size()) {
    return fmt::format("the kernel takes {} parameter{}, it is passed {}", taken.size(),
                       taken.size() == 1 ? "" : "s", passed.size());
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (taken[i] == passed[i]) continue;
    return fmt::format("parameter {} of the kernel has {} bytes, it is passed {}", i + 1, taken[i],
                       passed[i]);
  }
  return "";
}

}  // namespace tw
