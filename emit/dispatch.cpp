// Writes <op>.cuh: one struct for each configuration, with its evidence, and the functions that
// launch it.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/plan/plan.h"
#include "emit/parts.h"
#include "emit/tuning/tuning.h"

namespace tw {
namespace {

// Returns the comment that the branch serves untuned problems, once for each form of arguments.
std::string fallback_lines(const EmitModel& model, std::size_t branch) {
  std::string text;
  for (const Fallback& fallback : model.fallbacks) {
    if (fallback.branch != static_cast<int>(branch)) continue;
    text += comment(fmt::format("  serves {} that were not tuned; {}",
                                model.forms[static_cast<std::size_t>(fallback.form)].type,
                                check_of(model, subject_of(model, fallback))),
                    0, 6);
  }
  return text;
}

std::string branch_struct(const EmitModel& model, std::size_t index) {
  const Branch& branch = model.branches[index];
  const std::string name = fmt::format("v{}", index);
  std::string choices;
  for (std::size_t i = 0; i < model.op().choices.size(); ++i) {
    const ChoiceSpec& choice = model.op().choices[i];
    const auto value = static_cast<std::size_t>(branch.problem.choices[i]);
    choices += fmt::format(", {}={}", choice.name, choice.values[value]);
  }
  std::string text = comment(fmt::format("{}, {}{}: {}", name, branch.kernel->name, choices,
                                         text_of(branch.kernel->knobs, branch.configuration)),
                             0, 4);
  for (const TunedRow& row : model.rows) {
    if (row.branch != static_cast<int>(index)) continue;
    for (const std::string& line : evidence_of(model, row)) text += comment("  " + line, 0, 6);
  }
  return text + fallback_lines(model, index) +
         wrapped(renamed_tokens(
             variant_text(model.op(), *branch.kernel, branch.problem, branch.configuration, name),
             model.renaming)) +
         "\n";
}

// Returns the definition of Types, the type parameter of the kernels.
std::string types_of(const EmitModel& model, const Form& form) {
  const std::string types = types_text(model.op(), form.dtype, "Types");
  if (types.empty()) return "  using Types = T;\n";
  std::string text;
  std::istringstream lines(renamed_tokens(types, model.renaming));
  for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
  return text;
}

std::string form_struct(const EmitModel& model, std::size_t index) {
  const Form& form = model.forms[index];
  std::string check, fill;
  int tensors = 0, scalars = 0;
  const bool reduced = form.epilogue.reduced();
  for (const TensorSpec& tensor : model.op().tensors) {
    if (!reduced || tensor.role != Role::inout) continue;
    check += fmt::format("    if (args.{} != 0) return {};\n", cpp_name(tensor.scaled_by),
                         string_literal(tensor.scaled_by + " must be 0 with a reduction"));
  }
  for (const EpilogueField& field : form.fields) {
    if (field.is_tensor) {
      check += fmt::format("    if (args.{} == nullptr) return {};\n", field.name,
                           string_literal(field.name + " is null"));
      check +=
          fmt::format("    problem.align = least_alignment(problem.align, args.{});\n", field.name);
      fill += fmt::format("    result.{}[{}] = args.{};\n",
                          renamed_tokens("tensor", model.renaming), tensors++, field.name);
    } else {
      fill += fmt::format("    result.{}[{}] = args.{};\n",
                          renamed_tokens("scalar", model.renaming), scalars++, field.name);
    }
  }
  if (const int bytes = least_align(model.op(), form.dtype); bytes > size_of(form.dtype)) {
    check += fmt::format(
        "    if (problem.align < {0}) return \"a tensor is not aligned to {0} bytes\";\n", bytes);
  }
  return wrapped(fmt::format(
      "template <>\n"
      "struct Form<{0}> {{\n"
      "  static constexpr int index = {1};\n"
      "  static constexpr std::int64_t dtype = {2};\n"
      "  static constexpr std::int64_t math = {3};\n"
      "  static constexpr std::int64_t reduced = {9};\n"
      "  using T = {4};\n"
      "{10}"
      "  using Chain = {5};\n"
      "  static const char* check([[maybe_unused]] const {0}& args,\n"
      "                           [[maybe_unused]] Problem& problem) {{\n"
      "{6}"
      "    return {7};\n"
      "  }}\n"
      "  static typename Chain::Args epilogue([[maybe_unused]] const {0}& args) {{\n"
      "    typename Chain::Args result{{}};\n"
      "{8}"
      "    return result;\n"
      "  }}\n"
      "}};\n\n",
      "api::" + form.type, index, static_cast<int>(form.dtype), number_of_math(form.math),
      renamed_tokens(cpp_type_of(form.dtype), model.renaming),
      renamed_tokens(form.epilogue.cpp_type(), model.renaming), check,
      tensors > 0
          ? "problem.align < problem.sizeof_t\n               ? \"an epilogue tensor is not "
            "aligned to its elements\"\n               : nullptr"
          : "nullptr",
      fill, static_cast<int>(reduced), types_of(model, form)));
}

template <class Spec>
std::size_t index_of(const std::vector<Spec>& specs, const std::string& name) {
  const auto at =
      std::find_if(specs.begin(), specs.end(), [&](const Spec& spec) { return spec.name == name; });
  return static_cast<std::size_t>(at - specs.begin());
}

// Returns a tensor as a kernel gets it: a pointer to its first element or, if the choices say so,
// an array.
std::string tensor_argument(const EmitModel& model, const ArgSpec& arg) {
  const TensorSpec& tensor = tensor_of(model.op(), arg);
  const std::string first = fmt::format("dispatch::Pointer{{args.{}}}", cpp_name(arg.name));
  if (!tensor.by_pointers) return first;
  const std::string condition = tensor.by_pointers->to_cpp([&](int slot) {
    return fmt::format("static_cast<std::int64_t>(args.{})", cpp_name(model.op().names.name(slot)));
  });
  return fmt::format("checked::holds({}) ? dispatch::Pointer{{args.{}}} : {}", condition,
                     pointers_field(tensor), first);
}

// Returns one argument of a launch, as the kernel gets it.
std::string argument(const EmitModel& model, const KernelSpec& kernel, const ArgSpec& arg,
                     std::size_t pass, int& value) {
  using Kind = ArgSpec::Kind;
  switch (arg.kind) {
    case Kind::int32:
      return fmt::format("static_cast<int>(plan.pass[{}].value[{}])", pass, value++);
    case Kind::int64:
      return fmt::format("plan.pass[{}].value[{}]", pass, value++);
    case Kind::workspace:
      return fmt::format("part(plan, workspace, {})", index_of(kernel.workspaces, arg.name));
    case Kind::epilogue:
      return "Form<A>::epilogue(args)";
    case Kind::tensor:
      return tensor_argument(model, arg);
    case Kind::tensor_map: {
      const int first = value;
      value += static_cast<int>(arg.map.size());
      return fmt::format(
          "dispatch::{}<typename Form<A>::{}, {}{}>(args.{}, plan.pass[{}].value + {})",
          arg.im2col ? "im2col_map" : "tensor_map",
          has_own_dtypes(model.op()) ? fmt::format("Types::{}_t", arg.name) : "T",
          arg.im2col ? "" : fmt::format("{}, ", arg.rank()), arg.swizzle, cpp_name(arg.name), pass,
          first);
    }
    default:
      return fmt::format("args.{}", cpp_name(arg.name));
  }
}

std::string entry_of(const EmitModel& model, const LaunchSpec& launch) {
  return fmt::format("::{}<typename Form<A>::Types, V, typename Form<A>::Chain>",
                     renamed_tokens(launch.entry, model.renaming));
}

std::string launch_pass(const EmitModel& model, const KernelSpec& kernel, std::size_t pass) {
  const LaunchSpec& launch = kernel.launches[pass];
  std::string arguments;
  int value = 0;
  for (const ArgSpec& arg : launch.args) {
    arguments += ", " + argument(model, kernel, arg, pass, value);
  }
  return fmt::format(
      "    if (plan.pass[{0}].runs) {{\n"
      "      status = dispatch::launch(plan.pass[{0}], stream, device,\n"
      "                                dispatch::static_shared_of<{3}, {0}>(), {1}{2});\n"
      "      if (status != cudaSuccess) return status;\n"
      "    }}\n",
      pass, entry_of(model, launch), arguments, runner_of(kernel));
}

// Returns the code that zeroes the workspaces of one kind of initialisation.
std::string clear_workspaces(const KernelSpec& kernel, WorkspaceSpec::Init init) {
  std::string text;
  for (std::size_t i = 0; i < kernel.workspaces.size(); ++i) {
    if (kernel.workspaces[i].init != init) continue;
    text += fmt::format(
        "    status = clear(plan, workspace, {}, stream);  // {}\n"
        "    if (status != cudaSuccess) return status;\n",
        i, comment_safe(kernel.workspaces[i].name));
  }
  return text;
}

std::string runner_struct(const EmitModel& model, const KernelSpec& kernel) {
  std::string passes, attributes;
  for (std::size_t i = 0; i < kernel.launches.size(); ++i) {
    passes += launch_pass(model, kernel, i);
    attributes += fmt::format(
        "    if (plan.pass[{0}].runs) {{\n"
        "      return cudaFuncGetAttributes(result, reinterpret_cast<const void*>({1}));\n"
        "    }}\n",
        i, entry_of(model, kernel.launches[i]));
  }
  return comment(fmt::format("Launches the kernel {}. The passes and their arguments are in the "
                             "order of the kernel's search-space file.",
                             kernel.name)) +
         wrapped(fmt::format(
             "template <class A, class V>\n"
             "struct {5} {{\n"
             "  using Plan = {0}::Plan;\n\n"
             "  static cudaError_t launch([[maybe_unused]] const A& args, const Plan& plan,\n"
             "                            const Device& device,\n"
             "                            [[maybe_unused]] void* workspace, cudaStream_t stream) "
             "{{\n"
             "    cudaError_t status = cudaSuccess;\n"
             "{1}{2}    return status;\n"
             "  }}\n"
             "  static cudaError_t initialise([[maybe_unused]] const Plan& plan,\n"
             "                                [[maybe_unused]] void* workspace,\n"
             "                                [[maybe_unused]] cudaStream_t stream) {{\n"
             "    cudaError_t status = cudaSuccess;\n"
             "{3}    return status;\n"
             "  }}\n"
             "  static cudaError_t attributes(const Plan& plan, cudaFuncAttributes* result) {{\n"
             "{4}    return cudaErrorInvalidDeviceFunction;\n"
             "  }}\n"
             "}};\n\n",
             identifier_of(kernel), clear_workspaces(kernel, WorkspaceSpec::Init::zero_each),
             passes, clear_workspaces(kernel, WorkspaceSpec::Init::zero_once), attributes,
             runner_of(kernel)));
}

std::string visit_function(const EmitModel& model) {
  std::string text =
      "// Calls visit(runner, plan) for the branch and returns its status. Only the branches of\n"
      "// A's form are compiled.\n"
      "template <class A, class Visitor>\n"
      "cudaError_t visit_branch(int branch, const Problem& problem, const Device& device,\n"
      "                         Visitor visit) {\n";
  for (std::size_t form = 0; form < model.forms.size(); ++form) {
    text += fmt::format("  if constexpr (Form<A>::index == {}) {{\n    switch (branch) {{\n", form);
    for (const int i : branches_of(model, static_cast<int>(form))) {
      const KernelSpec& kernel = *model.branches[static_cast<std::size_t>(i)].kernel;
      text += fmt::format(
          "      case {0}:\n"
          "        return visit({2}<A, v{0}>(), {1}::plan_of({1}::v{0}, problem, device));\n",
          i, identifier_of(kernel), runner_of(kernel));
    }
    text += "    }\n  }\n";
  }
  return wrapped(text + "  return cudaErrorInvalidDeviceFunction;\n}\n\n");
}

std::string public_functions(const EmitModel& model) {
  std::string text = fmt::format("namespace {} {{\ninline namespace tuning_{} {{\n\n",
                                 public_namespace(model), model.renaming.digest);
  text += fmt::format("namespace inner = ::{};\n\n", inner_scope(model));
  return text + public_parts +
         fmt::format("}}  // namespace tuning_{}\n}}  // namespace {}\n", model.renaming.digest,
                     public_namespace(model));
}

// Returns a table of what each tuned problem runs, for the top of the file.
std::string overview(const EmitModel& model) {
  std::string text;
  if (!model.rows.empty())
    text += "//\n// The tuned problems, each with the struct below that holds its winner:\n";
  for (const TunedRow& row : model.rows) {
    text += comment(
        fmt::format("  v{:<3} {:>10.4g} us  {}", row.branch,
                    row.winner.trial.measurement.median_ns() / 1e3, row.problem.key(model.op())),
        0, 4);
  }
  return text +
         "//\n"
         "// A call runs the first of these configurations that exists and can serve the call:\n"
         "// - The winner of the tuned problem that equals the call. The GPU must have the\n"
         "//   compute capability and the number of SMs of the tuned GPU.\n"
         "// - The winner of the nearest tuned problem, among the winners that can serve the\n"
         "//   call. The GPU must have the compute capability of the tuned GPU.\n"
         "// - A default configuration.\n"
         "// choose() in dispatch/choose.h defines the rule. select(args) returns the\n"
         "// configuration that a call runs.\n";
}

bool reads_memory(const EmitModel& model) {
  const auto reads = [](const Names& names, const Expr& expr) {
    return std::any_of(expr.reads().begin(), expr.reads().end(),
                       [&](int slot) { return names.name(slot) == "device.memory_bytes"; });
  };
  for (const KernelSpec* kernel : model.kernels) {
    const auto in_kernel = [&](const Expr& expr) { return reads(kernel->names, expr); };
    if (in_kernel(kernel->needs.expr)) return true;
    for (const Constraint& constraint : kernel->require) {
      if (in_kernel(constraint.expr)) return true;
    }
    for (const WorkspaceSpec& workspace : kernel->workspaces) {
      if (in_kernel(workspace.bytes)) return true;
    }
    for (const LaunchSpec& launch : kernel->launches) {
      for (int i = 0; i < 3; ++i) {
        if (in_kernel(launch.grid[i]) || in_kernel(launch.block[i])) return true;
      }
      for (const ArgSpec& arg : launch.args) {
        const std::span<const Expr> integers = arg.integers();
        if (std::any_of(integers.begin(), integers.end(), in_kernel)) return true;
      }
      if (in_kernel(launch.when) || in_kernel(launch.smem_bytes)) return true;
    }
  }
  for (const Constraint& constraint : model.op().require) {
    if (reads(model.op().names, constraint.expr)) return true;
  }
  return false;
}

std::string includes(const EmitModel& model) {
  const std::string folder = "tilewright_" + model.renaming.digest;
  std::string text = fmt::format(
      "#ifndef __CUDACC__\n"
      "#error \"{0}.cuh holds kernels: compile it with nvcc, or include {1} and link {0}.cu\"\n"
      "#endif\n"
      "#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)\n"
      "#error \"{0}.cuh needs C++17 or newer\"\n"
      "#endif\n"
      "#include <cuda_runtime_api.h>\n"
      "#if CUDART_VERSION < 12000\n"
      "#error \"{0}.cuh needs CUDA 12 or newer\"\n"
      "#endif\n",
      model.op().name, header_of(model));
  if (reads_memory(model)) {
    text += renamed_tokens("#define TW_READS_MEMORY_BYTES\n", model.renaming);
  }
  text += fmt::format(
      "#include <cuda_runtime.h>\n\n#include \"{0}\"\n"
      "#include \"{1}/dispatch/launch.cuh\"\n#include \"{1}/dispatch/select.h\"\n",
      header_of(model), folder);
  if (uses_tensor_maps(model)) {
    text += fmt::format("#include \"{}/dispatch/tensor_map.cuh\"\n", folder);
  }
  if (has_chains(model)) {
    text += fmt::format("#include \"{}/{}\"\n", folder, epilogue_source);
  }
  if (!model.op().header.empty()) {
    text += fmt::format("#include \"{}/{}\"\n", folder, model.op().header);
  }
  for (const KernelSpec* kernel : model.kernels) {
    text += fmt::format("#include \"{}/{}\"\n", folder, kernel->source);
  }
  return text + "\n";
}

}  // namespace

std::string dispatch_text(const EmitModel& model) {
  const std::string scope = inner_scope(model);
  std::string text = comment(model.op().name + ": " + model.op().doc) + overview(model) +
                     includes(model) + hidden + fmt::format("namespace {} {{\n\n", scope);
  text += fmt::format("namespace api = ::{};\n\n", public_namespace(model));
  for (std::size_t i = 0; i < model.branches.size(); ++i) text += branch_struct(model, i);
  text += wrapped(fmt::format(
      "// The properties of a type of arguments: its types, its own checks and its epilogue.\n"
      "template <class A>\n"
      "struct Form {{\n"
      "  static_assert(sizeof(A) == 0,\n"
      "                \"{0}: not one of the types of arguments in {1}; tune a problem of \"\n"
      "                \"this storage, math and epilogue, and emit again\");\n"
      "}};\n\n",
      model.op().name, header_of(model)));
  for (std::size_t i = 0; i < model.forms.size(); ++i) text += form_struct(model, i);
  text += memory_parts;
  for (const KernelSpec* kernel : model.kernels) text += runner_struct(model, *kernel);
  text += visit_function(model) + call_parts;
  return text + fmt::format("}}  // namespace {}\n\n", scope) + visible_again +
         public_functions(model);
}

}  // namespace tw
