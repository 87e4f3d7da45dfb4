#include "core/catalog/source_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "core/from_source/parameter_type.h"
#include "core/from_source/source_functions.h"
#include "core/spec/directives.h"
#include "core/spec/kernel_name.h"
#include "core/spec/sources.h"
#include "core/text/words.h"

namespace tw {
namespace {

// Returns the kernel of this name; nothing if there is none, or if there are several. Kernels
// within conditions do not count.
std::optional<SourceFunction> only_kernel(const Texts& closure, const std::string& entry) {
  const std::string name = entry.substr(0, entry.find('<'));
  std::optional<SourceFunction> found;
  for (const auto& [file, text] : closure) {
    for (const SourceFunction& kernel : kernels_of(unconditional_code(text))) {
      if (kernel.name != name) continue;
      if (found) return std::nullopt;
      found = kernel;
    }
  }
  return found;
}

// Returns the word that ends before `at`; empty if something else stands there.
std::string_view word_before(std::string_view code, std::size_t at) {
  code = trimmed(code.substr(0, at));
  const auto begin = std::find_if_not(code.rbegin(), code.rend(), is_word);
  return code.substr(static_cast<std::size_t>(code.rend() - begin));
}

// Returns whether a declaration at the place of the name `at` gives the name another meaning.
bool redefines_at(std::string_view code, std::size_t at, std::size_t length) {
  constexpr std::array<std::string_view, 5> words{"using", "typename", "class", "struct", "define"};
  const std::string_view before = word_before(code, at);
  if (std::find(words.begin(), words.end(), before) != words.end()) return true;
  // A typedef ends in the name.
  if (!trimmed(code.substr(at + length)).starts_with(';')) return false;
  const std::size_t end = code.substr(0, at).find_last_of(";{}");
  const std::size_t begin = end == code.npos ? 0 : end + 1;
  return mentions(code.substr(begin, at - begin), "typedef");
}

// Returns whether the source gives a name of C++ or CUDA another meaning: `using half = float;`,
// `template <class half>`, `#define uint float`.
bool redefines(const Texts& closure, const std::string& type) {
  std::string name = without_qualifiers(type);
  if (name.ends_with('*')) name.pop_back();
  if (!is_identifier(name)) return false;
  for (const auto& [file, text] : closure) {
    const std::string code = without_comments(text);
    for (std::size_t at = code.find(name); at != code.npos; at = code.find(name, at + 1)) {
      if (redefines_at(code, at, name.size())) return true;
    }
  }
  return false;
}

// Returns the types that an argument has in problems of the op; nothing for one that is no tensor
// and no number.
std::set<DType> types_of(const OpSpec& op, const ArgSpec& arg) {
  switch (arg.kind) {
    case ArgSpec::Kind::tensor: {
      const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                       [&](const auto& one) { return one.name == arg.name; });
      std::set<DType> types;
      if (tensor == op.tensors.end() || tensor->by_pointers) return types;
      for (const DType problem : op.dtypes) types.insert(dtype_of(*tensor, problem));
      return types;
    }
    case ArgSpec::Kind::scalar:
      return {DType::f32};
    case ArgSpec::Kind::int32:
      return {DType::i32};
    case ArgSpec::Kind::int64:
      return {DType::i64};
    case ArgSpec::Kind::number:
      return {arg.dtype};
    default:
      return {};
  }
}

// Returns whether numbers of type `element` are read as such by a pointer to `type`, or as bits: as
// integers. Only numbers with a point that are taken for others are surely wrong, and integers that
// are taken for such.
bool can_point_to(const CType& type, DType element) {
  if (is_integer(type.dtype)) return true;
  const bool are_bytes = is_integer(element) && size_of(element) == 1;
  return type.dtype == element || are_bytes;
}

// Returns whether a number of type `given` can be passed as a `type`. The kernel takes the low
// bytes of a longer integer.
bool can_be_passed(const CType& type, DType given) {
  if (type.dtype == given) return true;
  return is_integer(type.dtype) && is_integer(given) && size_of(type.dtype) <= size_of(given);
}

// Returns what is wrong with an argument of this type; empty if nothing is.
std::string fault_of(const ParameterType& parameter, bool is_tensor, DType type) {
  if (is_tensor && !parameter.is_pointer) return parameter.type ? "is no pointer" : "";
  if (!is_tensor && parameter.is_pointer) {
    const bool is_address = is_integer(type) && size_of(type) == 8;  // a null pointer
    return is_address ? "" : "is a pointer";
  }
  if (!parameter.type) return "";
  if (is_tensor) {
    return can_point_to(*parameter.type, type)
               ? ""
               : fmt::format("points to {}", name_of(parameter.type->dtype));
  }
  if (parameter.type->lanes > 1) return "is a vector";
  return can_be_passed(*parameter.type, type)
             ? ""
             : fmt::format("is {}", name_of(parameter.type->dtype));
}

void check_launches(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                    const Texts& closure) {
  const std::vector<TomlTable> tables = root.tables("launch");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const LaunchSpec& launch = kernel.launches[i];
    const std::optional<SourceFunction> function = only_kernel(closure, launch.entry);
    if (!function || !launch.structs.empty()) continue;
    if (function->parameters.size() != launch.args.size()) continue;
    for (std::size_t at = 0; at < launch.args.size(); ++at) {
      const ArgSpec& arg = launch.args[at];
      const SourceParameter& parameter = function->parameters[at];
      if (redefines(closure, parameter.type)) continue;
      // A kernel may serve some of the op's dtypes.
      std::string fault;
      DType type{};
      for (const DType one : types_of(op, arg)) {
        type = one;
        fault = fault_of(parameter_type(parameter.type), arg.kind == ArgSpec::Kind::tensor, one);
        if (fault.empty()) break;
      }
      if (fault.empty()) continue;
      tables[i].fail(tables[i].at("args"),
                     fmt::format("argument {}{} is {}, and the kernel's parameter, '{} {}', {}: "
                                 "mend one of them",
                                 at + 1, arg.name.empty() ? "" : ", " + arg.name + ",",
                                 name_of(type), parameter.type, parameter.name, fault));
    }
  }
}

// Returns the types with which a source declares a symbol in constant memory: "const float" for
// "__constant__ const float taps[5];". Declarations within conditions, and in other forms, are left
// out.
std::vector<std::string> constant_types(const Texts& closure, std::string_view symbol) {
  constexpr std::string_view word = "__constant__";
  std::vector<std::string> types;
  for (const auto& [file, text] : closure) {
    const std::string code = unconditional_code(text);
    for (std::size_t at = code.find(word); at != code.npos; at = code.find(word, at + 1)) {
      const std::string_view rest = std::string_view(code).substr(at + word.size());
      const std::string_view declared = trimmed(rest.substr(0, rest.find_first_of("[;={(")));
      const std::size_t blank = declared.find_last_of(" \t\n");
      if (blank == declared.npos || declared.substr(blank + 1) != symbol) continue;
      types.push_back(with_single_blanks(declared.substr(0, blank)));
    }
  }
  return types;
}

void check_constants(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                     const Texts& closure) {
  const std::vector<TomlTable> tables = root.tables("constant");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const ConstantSpec& constant = kernel.constants[i];
    const std::string symbol = function_of(constant.symbol);
    const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                     [&](const auto& one) { return one.name == constant.tensor; });
    const std::vector<std::string> types = constant_types(closure, symbol);
    const auto agrees = [&](const std::string& type) {
      const std::optional<CType> known = parameter_type(type).type;
      return !known || redefines(closure, type) ||
             std::any_of(op.dtypes.begin(), op.dtypes.end(), [&](DType problem) {
               return can_point_to(*known, dtype_of(*tensor, problem));
             });
    };
    if (types.empty() || std::any_of(types.begin(), types.end(), agrees)) continue;
    tables[i].fail(tables[i].at("tensor"),
                   fmt::format("{} is {}, and the source declares '__constant__ {} {}': mend one "
                               "of them",
                               constant.tensor, name_of(dtype_of(*tensor, op.dtypes.front())),
                               types.front(), symbol));
  }
}

}  // namespace

void check_source_types(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                        const Texts& closure) {
  check_launches(root, op, kernel, closure);
  check_constants(root, op, kernel, closure);
}

}  // namespace tw
