#include "emit/tuning/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "emit/header/text.h"

namespace tw {
namespace {

// Throws Error if two of the names are equal after words of C++ have got their underscore.
void check_apart(const std::string& of, const std::vector<std::string>& names, const char* what,
                 const char* file) {
  std::set<std::string> taken;
  for (const std::string& name : names) {
    if (taken.insert(name).second) continue;
    throw Error(fmt::format("{}: '{}' would be two names in a header, of {}: rename one in {}", of,
                            name, what, file));
  }
}

}  // namespace

std::string enum_of(const ChoiceSpec& choice) {
  const std::string name = pascal_case(choice.name);
  const bool taken = name == "Args" || name == "Match" || name == "Selection" ||
                     name == choice.name || cpp_name(name) != name;
  return name + (taken ? "_" : "");
}

std::vector<std::string> choice_texts(const OpSpec& op, const Problem& problem) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    const ChoiceSpec& choice = op.choices[i];
    const auto value = static_cast<std::size_t>(problem.choices[i]);
    texts.push_back(fmt::format("{}={}", choice.name, choice.values[value]));
  }
  return texts;
}

std::string pointers_field(const TensorSpec& tensor) { return cpp_name(tensor.name + "_pointers"); }

bool has_tensors_by_pointers(const OpSpec& op) {
  return std::any_of(op.tensors.begin(), op.tensors.end(),
                     [](const TensorSpec& tensor) { return tensor.by_pointers.has_value(); });
}

std::vector<const ArgSpec*> named_numbers(const std::vector<const KernelSpec*>& kernels) {
  std::vector<const ArgSpec*> numbers;
  for (const KernelSpec* kernel : kernels) {
    for (const LaunchSpec& launch : kernel->launches) {
      for (const ArgSpec& arg : launch.args) {
        const auto is_it = [&](const ArgSpec* one) { return one->name == arg.name; };
        const bool is_new = std::none_of(numbers.begin(), numbers.end(), is_it);
        if (arg.is_named_number() && is_new) numbers.push_back(&arg);
      }
    }
  }
  return numbers;
}

std::vector<std::string> field_names(const OpSpec& op) {
  std::vector<std::string> names;
  for (const DimSpec& dim : op.dims) names.push_back(cpp_name(dim.name));
  for (const ChoiceSpec& choice : op.choices) names.push_back(cpp_name(choice.name));
  for (const ScalarSpec& scalar : op.scalars) names.push_back(cpp_name(scalar.name));
  for (const TensorSpec& tensor : op.tensors) {
    names.push_back(cpp_name(tensor.name));
    if (tensor.by_pointers) names.push_back(pointers_field(tensor));
  }
  if (has_tensors_by_pointers(op)) names.emplace_back("pointers_align");
  return names;
}

void check_names(const OpSpec& op, const std::vector<std::string>& types,
                 const std::vector<const KernelSpec*>& kernels) {
  const std::string of = "op " + op.name;
  std::vector<std::string> names = types;
  for (const ChoiceSpec& choice : op.choices) names.push_back(enum_of(choice));
  for (const std::string& name : field_names(op)) names.push_back(name);
  for (const ArgSpec* number : named_numbers(kernels)) names.push_back(cpp_name(number->name));
  check_apart(of, names, "a field and of another field or a type", "op.toml");
  const auto cpp_names = [](const std::vector<std::string>& words) {
    std::vector<std::string> result;
    for (const std::string& word : words) result.push_back(cpp_name(word));
    return result;
  };
  for (const ChoiceSpec& choice : op.choices) {
    check_apart(of, cpp_names(choice.values), "two values of a choice", "op.toml");
  }
  for (const KernelSpec* kernel : kernels) {
    std::vector<std::string> knobs;
    for (const Knob& knob : kernel->knobs) knobs.push_back(cpp_name(knob.name));
    check_apart("kernel " + kernel->name, knobs, "two knobs", "its TOML file");
  }
}

}  // namespace tw
