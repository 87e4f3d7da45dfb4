// Writes the code of a branch of a given kernel: its sources with the macros of the branch, in a
// namespace of the branch.
#include <fmt/format.h>

#include <algorithm>

#include "emit/header/given_source.h"
#include "emit/header/unit_text.h"
#include "emit/header/write.h"

namespace tw::header {
namespace {

Texts texts_of(const Model& model) {
  Texts texts;
  for (const auto& [path, source] : model.given) texts[path] = source.text;
  return texts;
}

// Returns the macros of the branch, and those that its sources define.
std::vector<SourceMacro> macros_of_unit(const Model& model, const Unit& unit) {
  std::vector<SourceMacro> macros;
  const auto add = [&](SourceMacro macro) {
    const auto is_it = [&](const SourceMacro& one) { return one.name == macro.name; };
    if (std::none_of(macros.begin(), macros.end(), is_it)) macros.push_back(std::move(macro));
  };
  for (const std::string& define : unit.defines) add({define.substr(0, define.find('='))});
  const Texts texts = texts_of(model);
  for (const std::string& path : closure_of(unit.source, texts)) {
    for (SourceMacro& macro : macros_of(path, texts.at(path), model.digest)) add(std::move(macro));
  }
  return macros;
}

// Returns the unit with what it says about its source as it must be in a namespace.
Unit in_namespace(const Model& model, Unit unit) {
  std::vector<std::string*> texts;
  for (auto* list : {&unit.defines, &unit.entries, &unit.constants}) {
    for (std::string& text : *list) texts.push_back(&text);
  }
  replace_in_unit(texts, unit.source, texts_of(model));
  return unit;
}

// Returns the include between the macros of the unit. Behind it the macros are what they were. A
// macro that the source only defines if it is missing may be a system header's, so it stays.
std::string with_macros(const std::vector<SourceMacro>& macros, const Unit& unit,
                        const std::string& include, const std::string& behind = "") {
  std::string text;
  for (const SourceMacro& macro : macros) {
    text += fmt::format("#pragma push_macro(\"{}\")\n", macro.name);
    if (!macro.is_fallback) text += fmt::format("#undef {}\n", macro.name);
  }
  for (const std::string& define : unit.defines) {
    const std::size_t equals = define.find('=');
    text += fmt::format("#define {} {}\n", define.substr(0, equals),
                        equals == std::string::npos ? "" : define.substr(equals + 1));
  }
  text += fmt::format("#include \"{}\"\n", include) + behind;
  for (const SourceMacro& macro : macros) {
    text += fmt::format("#undef {0}\n#pragma pop_macro(\"{0}\")\n", macro.name);
  }
  return text;
}

// Returns functions for what the branch names of its source. The names may contain macros, so the
// functions contain nothing else that a macro could change.
std::string named_parts(const Unit& unit) {
  std::string text;
  for (std::size_t i = 0; i < unit.entries.size(); ++i) {
    text +=
        fmt::format("inline auto tilewright_entry_{}() {{ return &{}; }}\n", i, unit.entries[i]);
  }
  for (std::size_t i = 0; i < unit.constants.size(); ++i) {
    text +=
        fmt::format("inline auto& tilewright_array_{}() {{ return {}; }}\n", i, unit.constants[i]);
  }
  return text;
}

}  // namespace

std::string unit_scope(const Model& model, int branch) {
  return fmt::format("tw_{}::unit_v{}", model.digest, branch);
}

std::string write_unit(const Model& model, int branch) {
  const Unit unit = in_namespace(model, model.branches[static_cast<std::size_t>(branch)].unit);
  const std::vector<SourceMacro> macros = macros_of_unit(model, unit);
  std::string text =
      comment(fmt::format("{} with the macros of v{}", unit.source, branch)) + "//\n" +
      "// First the system headers that it includes, then its code, in a namespace.\n";
  for (const std::string& header : unit.leading) text += fmt::format("#include {}\n", header);
  text += with_macros(macros, unit, "../given_headers/" + unit.source);
  return text +
         fmt::format("namespace {0} {{\nnamespace {1} = ::{0};\n", unit_scope(model, branch),
                     unit_alias) +
         with_macros(macros, unit, "../given/" + unit.source, named_parts(unit)) +
         fmt::format("}}  // namespace {}\n", unit_scope(model, branch));
}

}  // namespace tw::header
