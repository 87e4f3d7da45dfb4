// The part of a model that kernels are about: their constraints, launches and arguments.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "emit/header/text.h"
#include "emit/model_parts.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/names.h"

namespace tw {
namespace {

const TensorSpec& tensor_of(const OpSpec& op, const ArgSpec& arg) {
  return *std::find_if(op.tensors.begin(), op.tensors.end(),
                       [&](const TensorSpec& tensor) { return tensor.name == arg.name; });
}

// Returns the kernel's name as part of a C++ identifier.
std::string identifier_of(const KernelSpec& kernel) {
  const bool is_plain = is_identifier("_" + kernel.name);
  return is_plain ? "_" + kernel.name : "x_" + escaped(kernel.name);
}

header::Map map_model(const OpSpec& op, const ArgSpec& arg, const Speller& spell) {
  const TensorSpec& tensor = tensor_of(op, arg);
  header::Map map;
  map.is_im2col = arg.im2col;
  map.rank = arg.rank();
  map.swizzle = arg.swizzle;
  map.element = has_own_dtypes(op) ? fmt::format("Types::{}_t", arg.name) : "T";
  map.element_bytes = bytes_of_element(tensor);
  if (tensor.by_pointers) map.by_pointers = spell(*tensor.by_pointers);
  return map;
}

// Returns the type of a number as a parameter of a kernel, in plain C++.
std::string type_of_number(const ArgSpec& arg) {
  switch (arg.kind) {
    case ArgSpec::Kind::int32:
      return "std::int32_t";
    case ArgSpec::Kind::int64:
      return "std::int64_t";
    case ArgSpec::Kind::number:
      if (arg.dtype == DType::f16) return "__half";
      if (arg.dtype == DType::bf16) return "__nv_bfloat16";
      return std::string(host_type_of(arg.dtype));
    default:
      return "float";  // a scalar of the op
  }
}

header::Argument argument_model(const OpSpec& op, const KernelSpec& kernel, const ArgSpec& arg,
                                const Speller& spell) {
  using Kind = header::Argument::Kind;
  header::Argument model;
  model.structure = arg.structure;
  model.type = type_of_number(arg);
  if (arg.is_named_number()) {
    model.kind = Kind::scalar;
    model.field = cpp_name(arg.name);
    return model;
  }
  for (const Expr& value : arg.integers()) model.integers.push_back(spell(value));
  model.field = cpp_name(arg.name);
  switch (arg.kind) {
    case ArgSpec::Kind::int32:
      model.kind = Kind::int32;
      break;
    case ArgSpec::Kind::int64:
      model.kind = Kind::int64;
      break;
    case ArgSpec::Kind::workspace: {
      const auto at = std::find_if(kernel.workspaces.begin(), kernel.workspaces.end(),
                                   [&](const WorkspaceSpec& one) { return one.name == arg.name; });
      model.kind = Kind::workspace;
      model.workspace = static_cast<int>(at - kernel.workspaces.begin());
      break;
    }
    case ArgSpec::Kind::epilogue:
      model.kind = Kind::epilogue;
      break;
    case ArgSpec::Kind::tensor: {
      const TensorSpec& tensor = tensor_of(op, arg);
      model.kind = Kind::tensor;
      if (!tensor.by_pointers) break;
      model.by_pointers = Speller(op).over_arguments(*tensor.by_pointers);
      model.pointers = pointers_field(tensor);
      break;
    }
    case ArgSpec::Kind::tensor_map:
      model.kind = Kind::map;
      model.map = map_model(op, arg, spell);
      break;
    case ArgSpec::Kind::number:
      model.kind = arg.real ? Kind::literal : Kind::int64;
      if (arg.real) {
        model.field = fmt::format("{:.17g}", *arg.real);
      } else {
        model.integers.push_back(spell(arg.value));
      }
      break;
    default:  // the others are not arguments of kernels
      model.kind = Kind::scalar;
      break;
  }
  return model;
}

header::Launch launch_model(const OpSpec& op, const KernelSpec& kernel, const LaunchSpec& launch,
                            const Speller& spell) {
  header::Launch model;
  model.entry = model.label = launch.entry;
  model.when = spell(launch.when);
  for (std::size_t i = 0; i < 3; ++i) {
    model.grid[i] = spell(launch.grid[i]);
    model.block[i] = spell(launch.block[i]);
    model.cluster[i] = spell(launch.cluster[i]);
  }
  model.shared = spell(launch.smem_bytes);
  model.structs = launch.structs;
  for (const ArgSpec& arg : launch.args) {
    model.arguments.push_back(argument_model(op, kernel, arg, spell));
  }
  return model;
}

std::string unused_name(const std::vector<header::Knob>& knobs, std::string name) {
  const auto is_it = [&](const header::Knob& knob) { return knob.name == name; };
  while (std::any_of(knobs.begin(), knobs.end(), is_it)) name += "_";
  return name;
}

std::string words_of(const Knob& knob) {
  std::string text;
  for (std::size_t i = 0; i < knob.words.size(); ++i) {
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", i, knob.words[i]);
  }
  return text;
}

// Returns code of the size of a dense tensor.
std::string bytes_of(const TensorSpec& tensor, const Speller& spell) {
  std::string text = fmt::format("checked::Value({})", bytes_of_element(tensor));
  for (const Expr& extent : tensor.shape) {
    text = fmt::format("checked::mul({}, {})", text, spell(extent));
  }
  return text;
}

// Returns the counts that are not constantly 0.
header::Counts counts_model(const ModelSpec& model, const Speller& spell) {
  header::Counts counts;
  for (const auto& [name, expr] : {std::pair<const char*, const Expr&>{"fma", model.fma},
                                   {"tensor", model.tensor},
                                   {"instructions", model.instructions},
                                   {"shared", model.shared},
                                   {"l2", model.l2},
                                   {"dram", model.dram},
                                   {"units", model.units},
                                   {"rounds", model.rounds},
                                   {"steps", model.steps},
                                   {"registers", model.registers}}) {
    const std::string code = spell(expr);
    if (code != "0") counts.emplace_back(name, code);
  }
  return counts;
}

}  // namespace

std::string name_of_knob(const std::string& knob, bool is_macro) {
  return is_macro ? "macro_" + knob : cpp_name(knob);
}

std::string Speller::spelled(int slot) const {
  const std::string& name = names_.name(slot);
  if (name.find('.') != std::string::npos) return name;  // device.sms
  const bool is_knob = first_knob_ >= 0 && slot >= first_knob_;
  const bool is_of_op = slot < op_.names.size();
  if (!is_knob && !is_of_op) throw Error(fmt::format("name '{}' has no meaning in a header", name));
  return is_knob ? "knob." + name_of_knob(name, has_macros_) : "problem." + cpp_name(name);
}

std::string Speller::operator()(const Expr& expr) const {
  return expr.to_cpp([this](int slot) { return spelled(slot); });
}

std::string Speller::over_arguments(const Expr& expr) const {
  return expr.to_cpp([this](int slot) {
    return fmt::format("static_cast<std::int64_t>(args.{})", cpp_name(names_.name(slot)));
  });
}

header::Check Speller::check(const Constraint& constraint) const {
  return {fmt::format("!checked::holds({})", (*this)(constraint.expr)), constraint.reason, ""};
}

std::string bytes_of_element(const TensorSpec& tensor) {
  std::string text = "problem.sizeof_t";
  for (const auto& [problem, dtype] : tensor.dtypes) {
    if (dtype == problem) continue;
    text = fmt::format("problem.dtype == {} ? {} : {}", static_cast<int>(problem), size_of(dtype),
                       text);
  }
  return text;
}

header::Kernel kernel_model(const Catalog& catalog, const KernelSpec& kernel) {
  const OpSpec& op = catalog.at(kernel.op).op;
  const Speller spell(op, kernel);
  header::Kernel model;
  model.label = kernel.name;
  model.doc = kernel.doc;
  // No other identifier begins like these.
  model.scope = "kernel" + identifier_of(kernel);
  model.runner = "run" + identifier_of(kernel);
  // An op has no dot in its name, so no other op has a file of this name.
  model.file =
      fmt::format("{}.{}.cu", op.name,
                  is_identifier("_" + kernel.name) ? kernel.name : "x." + escaped(kernel.name));
  for (const Knob& knob : kernel.knobs)
    model.knobs.push_back({name_of_knob(knob.name, kernel.knobs_are_macros), words_of(knob)});
  const auto add = [&](const Constraint& constraint) {
    model.checks.push_back(spell.check(constraint));
    model.checks.back().comment = constraint.expr.text();
  };
  if (!kernel.needs.expr.reads().empty()) {
    add(kernel.needs);
    model.checks.back().reason = "needs " + kernel.needs.expr.text();
  }
  for (const std::size_t i : compiled_dims(catalog, kernel)) {
    const std::string& dim = op.dims[i].name;
    model.knobs.push_back({unused_name(model.knobs, "compiled_" + dim), ""});
    model.checks.push_back(
        {fmt::format("problem.{} != knob.{}", cpp_name(dim), model.knobs.back().name),
         fmt::format("has the value of {} in its code", dim), ""});
  }
  if (has_own_target(catalog, kernel)) {
    model.checks.push_back(
        {"lacks_specific_code(device)", "needs code of a target such as sm_90a", ""});
  }
  for (const Constraint& constraint : kernel.require) add(constraint);
  for (std::size_t i = 0; i < kernel.workspaces.size(); ++i) {
    const WorkspaceSpec& workspace = kernel.workspaces[i];
    model.workspaces.push_back({workspace.name, spell(workspace.bytes)});
    using Init = WorkspaceSpec::Init;
    if (workspace.init == Init::zero_each) model.zero_each.push_back(static_cast<int>(i));
    if (workspace.init == Init::zero_once) model.zero_once.push_back(static_cast<int>(i));
  }
  if (kernel.model) model.counts = counts_model(*kernel.model, spell);
  model.is_given = kernel.knobs_are_macros;
  for (const ConstantSpec& constant : kernel.constants) {
    const TensorSpec& tensor =
        *std::find_if(op.tensors.begin(), op.tensors.end(),
                      [&](const TensorSpec& one) { return one.name == constant.tensor; });
    model.constants.push_back({cpp_name(tensor.name), bytes_of(tensor, Speller(op))});
  }
  for (const LaunchSpec& launch : kernel.launches) {
    model.launches.push_back(launch_model(op, kernel, launch, spell));
    std::size_t integers = 0;
    for (const header::Argument& argument : model.launches.back().arguments) {
      integers += argument.integers.size();
    }
    if (model.launches.size() == 1) {
      model.constants_at = static_cast<int>(integers);
      integers += model.constants.size();
    }
    model.most_integers = std::max(model.most_integers, static_cast<int>(integers));
  }
  return model;
}

}  // namespace tw
