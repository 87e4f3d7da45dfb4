// Knobs and their words, and files that hold only knobs.
#include "core/spec/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/spec/spec_reader.h"

namespace tw {
namespace {

// Returns value / below, where below is a power of ten, with at least one decimal: "-0.25", "3.0".
std::string decimal_text(std::int64_t value, std::int64_t below) {
  const int digits = static_cast<int>(fmt::format("{}", below).size()) - 1;
  const auto whole = value / below, rest = value % below;
  std::string text = fmt::format("{}{}.{:0{}}", value < 0 ? "-" : "", whole < 0 ? -whole : whole,
                                 rest < 0 ? -rest : rest, digits);
  while (text.ends_with('0') && text[text.size() - 2] != '.') text.pop_back();
  return text;
}

}  // namespace

std::string Knob::text(std::int64_t value) const {
  switch (kind) {
    case Kind::boolean:
      return value != 0 ? "true" : "false";
    case Kind::word:
      return words.at(static_cast<std::size_t>(value));
    case Kind::integer:
      break;
  }
  return below == 1 ? fmt::format("{}", value) : decimal_text(value, below);
}

bool is_knob_word(std::string_view text) {
  constexpr std::string_view others = "_.:<>*+-/()&,";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.find(c) != others.npos;
  });
}

std::string_view name_of(Role role) {
  return role == Role::in ? "in" : role == Role::out ? "out" : "inout";
}

DType dtype_of(const TensorSpec& tensor, DType problem) {
  const auto own = tensor.dtypes.find(problem);
  return own == tensor.dtypes.end() ? problem : own->second;
}

bool has_own_dtypes(const OpSpec& op) {
  return std::any_of(op.tensors.begin(), op.tensors.end(),
                     [](const TensorSpec& tensor) { return !tensor.dtypes.empty(); });
}

bool OpSpec::has_expected() const {
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const TensorSpec& tensor) { return tensor.expected.has_value(); });
}

std::string pascal_case(std::string_view name) {
  std::string result;
  bool starts = true;
  for (const char c : name) {
    if (c != '_') result += starts && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    starts = c == '_';
  }
  return result;
}

bool KernelSpec::is_macro(const std::string& value) const {
  return knobs_are_macros &&
         (!macros || std::find(macros->begin(), macros->end(), value) != macros->end());
}

BareSpace parse_bare_space(const std::string& toml, const std::string& path) {
  const TomlTable root(parse_toml(toml, path), path, "");
  root.allow({"knob", "let", "require"});
  Scope scope;
  BareSpace space;
  space.knobs = read_knobs(scope, root);
  if (space.knobs.empty()) root.fail("a space needs at least one [[knob]]: add it");
  scope.read_lets(root.table("let"));
  space.require = scope.read_constraints(root.table("require"));
  space.names = std::move(scope.names);
  return space;
}

}  // namespace tw
