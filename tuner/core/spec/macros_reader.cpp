// Reads what only kernels with knobs = "macros" have: `options`, `macros`, and names in an entry.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/compiler_options.h"
#include "core/spec/directives.h"
#include "core/spec/kernel_name.h"
#include "core/spec/sources.h"
#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

// Returns why a source cannot have a macro of this name; empty if it can.
std::string macro_fault(const std::string& name) {
  static const std::set<std::string, std::less<>> members{"x", "y", "z", "w"};
  static const std::set<std::string, std::less<>> words{
      "alignas", "alignof",  "asm",     "auto",      "bool",     "break",    "case",    "catch",
      "char",    "class",    "const",   "constexpr", "continue", "decltype", "default", "delete",
      "do",      "double",   "else",    "enum",      "explicit", "extern",   "float",   "for",
      "friend",  "goto",     "if",      "inline",    "int",      "long",     "mutable", "namespace",
      "new",     "noexcept", "nullptr", "operator",  "private",  "public",   "return",  "short",
      "signed",  "sizeof",   "static",  "struct",    "switch",   "template", "this",    "throw",
      "try",     "typedef",  "typeid",  "typename",  "union",    "unsigned", "using",   "virtual",
      "void",    "volatile", "while",   "threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize",
      "TW_T",    "std",      "defined"};
  if (members.contains(name))
    return fmt::format("it would replace the {} of threadIdx.{}", name, name);
  if (words.contains(name)) return "the word means something in every source";
  const bool is_reserved = name.starts_with("__") ||
                           (name.size() > 1 && name[0] == '_' && name[1] >= 'A' && name[1] <= 'Z');
  return is_reserved ? "such names are the compilers' own" : "";
}

// Returns the names of the dims, choices and knobs.
std::vector<std::string> values_of(const OpSpec& op, const KernelSpec& kernel) {
  std::vector<std::string> names;
  for (const DimSpec& dim : op.dims) names.push_back(dim.name);
  for (const ChoiceSpec& choice : op.choices) names.push_back(choice.name);
  for (const Knob& knob : kernel.knobs) names.push_back(knob.name);
  return names;
}

}  // namespace

void read_options(const TomlTable& head, SourceTree& sources, KernelSpec& kernel) {
  kernel.options = head.texts("options");
  if (kernel.options.empty()) return;
  const TomlNode& options = head.at("options");
  if (!kernel.knobs_are_macros) {
    head.fail(options, "'options' are for kernels with knobs = \"macros\": remove it");
  }
  for (std::size_t i = 0; i < options.items.size(); ++i) {
    const std::string fault = option_fault(kernel.options[i]);
    if (!fault.empty()) {
      head.fail(options.items[i], fmt::format("option '{}': {}", kernel.options[i], fault));
    }
    const auto folder = include_folder_of(kernel.options[i]);
    if (!folder || *folder == "." || *folder == "./") continue;
    try {
      sources.add_include_folder(*folder);
    } catch (const Error& error) {
      head.fail(options.items[i], fmt::format("option '{}': {}", kernel.options[i], error.what()));
    }
  }
}

void read_macros(const TomlTable& head, const OpSpec& op, KernelSpec& kernel) {
  const TomlNode* node = head.find("macros");
  if (!node) return;
  kernel.macros = head.texts("macros");
  if (!kernel.knobs_are_macros) {
    head.fail(*node, "'macros' is for kernels with knobs = \"macros\": remove it");
  }
  const std::vector<std::string> known = values_of(op, kernel);
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const std::string& name = node->items[i].string;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    head.fail(node->items[i], fmt::format("macros: '{}' is no dim, choice or knob{}", name,
                                          suggestion(name, known)));
  }
}

void check_values(const TomlTable& table, const std::string& entry, const OpSpec& op,
                  const KernelSpec& kernel) {
  const std::vector<std::string> known = values_of(op, kernel);
  with_values(entry, [&](std::string_view name) -> std::string {
    if (std::find(known.begin(), known.end(), name) != known.end()) return "";
    table.fail(table.at("entry"), fmt::format("entry '{}': ${} is no dim, choice or knob{}", entry,
                                              name, suggestion(name, known)));
  });
}

void check_declarations(const TomlTable& root, const KernelSpec& kernel, const Texts& closure) {
  if (!kernel.knobs_are_macros) return;
  std::set<std::string> names, kernels;
  for (const Knob& knob : kernel.knobs) {
    if (kernel.is_macro(knob.name)) names.insert(knob.name);
  }
  for (const LaunchSpec& launch : kernel.launches) kernels.insert(function_of(launch.entry));
  const std::vector<TomlTable> tables = root.tables("knob");
  for (const auto& [file, text] : closure) {
    const std::set<std::string> declared = declared_names(unconditional_code(text), names);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::string& name = kernel.knobs[i].name;
      const bool is_kernel = kernels.contains(name) && names.contains(name);
      if (!is_kernel && (!declared.contains(name) || may_remove_macro(text, name))) continue;
      const std::string why =
          is_kernel ? "the kernel has this name" : file + " declares this name itself";
      tables[i].fail(
          tables[i].at("name"),
          fmt::format("'{}' cannot be a macro of the source, because {}: rename one of them", name,
                      why));
    }
  }
}

void check_macros(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel) {
  const auto check = [](const TomlTable& table, const TomlNode& node, const std::string& name) {
    const std::string fault = macro_fault(name);
    if (fault.empty()) return;
    table.fail(node, fmt::format("'{}' cannot be a macro of the source, {}: use another name, in "
                                 "the source too",
                                 name, fault));
  };
  const TomlTable head = root.table("kernel");
  for (const DimSpec& dim : op.dims) {
    if (kernel.is_macro(dim.name)) check(head, head.at("knobs"), dim.name);
  }
  for (const ChoiceSpec& choice : op.choices) {
    if (kernel.is_macro(choice.name)) check(head, head.at("knobs"), choice.name);
  }
  const std::vector<TomlTable> tables = root.tables("knob");
  std::set<std::string> knobs;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!kernel.is_macro(kernel.knobs[i].name)) continue;
    check(tables[i], tables[i].at("name"), kernel.knobs[i].name);
    knobs.insert(kernel.knobs[i].name);
  }
  for (std::size_t i = 0; i < kernel.options.size(); ++i) {
    const std::string& option = kernel.options[i];
    const auto macro = define_of(option);
    const std::string name = macro ? macro->substr(0, macro->find('=')) : "";
    if (!knobs.contains(name)) continue;
    head.fail(head.at("options").items[i],
              fmt::format("'{}' is a knob, so '{}' cannot define it: remove one", name, option));
  }
}

}  // namespace tw
