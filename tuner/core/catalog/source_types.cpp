#include "core/catalog/source_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "core/from_source/parameter_type.h"
#include "core/from_source/source_functions.h"
#include "core/spec/kernel_name.h"
#include "core/spec/sources.h"
#include "core/text/words.h"

namespace tw {
namespace {

// Returns the kernel of this name; nothing if there is none, or if there are several.
std::optional<SourceFunction> only_kernel(const Texts& closure, const std::string& entry) {
  const std::string name = entry.substr(0, entry.find('<'));
  std::optional<SourceFunction> found;
  for (const auto& [file, text] : closure) {
    for (const SourceFunction& kernel : kernels_of(text)) {
      if (kernel.name != name) continue;
      if (found) return std::nullopt;
      found = kernel;
    }
  }
  return found;
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

// Returns whether a pointer to `type` can point to elements of `element`. Bytes may hold anything,
// and the lanes of a vector may share an element.
bool can_point_to(const CType& type, DType element) {
  const auto is_byte = [](DType dtype) { return is_integer(dtype) && size_of(dtype) == 1; };
  return agree(type.dtype, element) || is_byte(type.dtype) || is_byte(element) ||
         (type.lanes > 1 && type.lanes * size_of(type.dtype) == size_of(element));
}

// Returns what is wrong with an argument of this type; empty if nothing is.
std::string fault_of(const ParameterType& parameter, bool is_tensor, DType type) {
  if (is_tensor && !parameter.is_pointer) return parameter.type ? "is no pointer" : "";
  if (!is_tensor && parameter.is_pointer) return "is a pointer";
  if (!parameter.type) return "";
  if (is_tensor) {
    return can_point_to(*parameter.type, type)
               ? ""
               : fmt::format("points to {}", name_of(parameter.type->dtype));
  }
  if (parameter.type->lanes > 1) return "is a vector";
  return agree(parameter.type->dtype, type) ? ""
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
      for (const DType type : types_of(op, arg)) {
        const std::string fault =
            fault_of(parameter_type(parameter.type), arg.kind == ArgSpec::Kind::tensor, type);
        if (fault.empty()) continue;
        tables[i].fail(tables[i].at("args"),
                       fmt::format("argument {}{} is {}, and the kernel's parameter, '{} {}', {}: "
                                   "mend one of them",
                                   at + 1, arg.name.empty() ? "" : ", " + arg.name + ",",
                                   name_of(type), parameter.type, parameter.name, fault));
      }
    }
  }
}

// Returns the type with which a text declares a symbol in constant memory: "const float" for
// "__constant__ const float taps[5];". Empty if the text does not declare it, or in another form.
std::string constant_type(std::string_view text, std::string_view symbol) {
  constexpr std::string_view word = "__constant__";
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const std::string_view rest = text.substr(at + word.size());
    const std::string_view declared = trimmed(rest.substr(0, rest.find_first_of("[;={(")));
    const std::size_t blank = declared.find_last_of(" \t\n");
    if (blank != declared.npos && declared.substr(blank + 1) == symbol) {
      return with_single_blanks(declared.substr(0, blank));
    }
  }
  return "";
}

void check_constants(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                     const Texts& closure) {
  const std::vector<TomlTable> tables = root.tables("constant");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const ConstantSpec& constant = kernel.constants[i];
    const std::string symbol = function_of(constant.symbol);
    const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                     [&](const auto& one) { return one.name == constant.tensor; });
    for (const auto& [file, text] : closure) {
      const std::string type = constant_type(without_comments(text), symbol);
      const std::optional<CType> known = parameter_type(type).type;
      if (!known) continue;
      for (const DType problem : op.dtypes) {
        const DType element = dtype_of(*tensor, problem);
        if (can_point_to(*known, element)) continue;
        tables[i].fail(tables[i].at("tensor"),
                       fmt::format("{} is {}, and the source declares '__constant__ {} {}': mend "
                                   "one of them",
                                   constant.tensor, name_of(element), type, symbol));
      }
    }
  }
}

}  // namespace

void check_source_types(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                        const Texts& closure) {
  check_launches(root, op, kernel, closure);
  check_constants(root, op, kernel, closure);
}

}  // namespace tw
