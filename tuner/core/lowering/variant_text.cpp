#include "core/lowering/variant_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tw {
namespace {

std::string root_of(const std::string& name, const std::string& root) {
  return name.starts_with("tw::") ? root + name.substr(2) : name;
}

std::string knobs_text(const KernelSpec& kernel, std::span<const std::int64_t> configuration,
                       const std::string& root) {
  const std::string scope = root_of(namespace_of(kernel), root);
  const std::string prefix = scope.empty() ? "" : scope + "::";
  std::vector<std::string> values;
  for (std::size_t i = 0; i < kernel.knobs.size(); ++i) {
    const Knob& knob = kernel.knobs[i];
    const std::string value = knob.text(configuration[i]);
    values.push_back(knob.kind == Knob::Kind::word
                         ? fmt::format("{}{}::{}", prefix, pascal_case(knob.name), value)
                         : value);
  }
  return fmt::format("  static constexpr {}Knobs knobs{{{}}};\n", prefix, fmt::join(values, ", "));
}

}  // namespace

std::string choices_text(const OpSpec& op, const Problem& problem, const std::string& root) {
  if (op.choices.empty()) return "";
  std::vector<std::string> values;
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    const ChoiceSpec& choice = op.choices[i];
    values.push_back(fmt::format("{}::{}::{}::{}", root, op.name, pascal_case(choice.name),
                                 choice.values[static_cast<std::size_t>(problem.choices[i])]));
  }
  return fmt::format("  static constexpr {}::{}::Choices choices{{{}}};\n", root, op.name,
                     fmt::join(values, ", "));
}

std::string types_text(const OpSpec& op, DType problem, const std::string& name,
                       const std::string& root) {
  if (!has_own_dtypes(op)) return "";
  const auto type_of = [&](DType dtype) { return root_of(std::string(cpp_type_of(dtype)), root); };
  std::string text = fmt::format("  using T = {};\n", type_of(problem));
  for (const TensorSpec& tensor : op.tensors) {
    text += fmt::format("  using {}_t = {};\n", tensor.name, type_of(dtype_of(tensor, problem)));
  }
  return fmt::format("struct {} {{\n{}}};\n", name, text);
}

std::string type_parameter(const OpSpec& op, DType problem, const std::string& types) {
  return has_own_dtypes(op) ? types : std::string(cpp_type_of(problem));
}

std::string variant_text(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                         std::span<const std::int64_t> configuration, const std::string& name,
                         const std::string& root) {
  return fmt::format("struct {} {{\n{}{}}};\n", name, choices_text(op, problem, root),
                     knobs_text(kernel, configuration, root));
}

std::string namespace_of(const KernelSpec& kernel) {
  const std::string& entry = kernel.launches.front().entry;
  const std::size_t colons = entry.rfind("::");
  return colons == std::string::npos ? "" : entry.substr(0, colons);
}

}  // namespace tw
