// Writes <op>.cuh: one struct for each configuration, with its evidence, and what the functions of
// dispatch/call.cuh need to launch it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "emit/header/emitted_texts.h"
#include "emit/header/write.h"

namespace tw::header {
namespace {

// Surrounds the code that reaches the kernels. Each library of a process has its own copy, with its
// own kernels.
constexpr const char* hidden = R"(// These symbols are not exported.
// Each library of a process has its own copy.
#ifndef _MSC_VER
#pragma GCC visibility push(hidden)
#endif
)";
constexpr const char* visible_again = R"(#ifndef _MSC_VER
#pragma GCC visibility pop
#endif

)";

// Returns the lines of the text, each indented by two blanks.
std::string indented(const std::string& text) {
  std::string result;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result += "  " + line + "\n";
  return result;
}

std::string form_check(const Form& form) {
  std::string text;
  for (const Check& check : form.checks) {
    text += fmt::format("    if ({}) return {};\n", check.condition, string_literal(check.reason));
  }
  for (const std::string& tensor : form.tensors) {
    text += fmt::format("    if (args.{} == nullptr) return {};\n", tensor,
                        string_literal(tensor + " is null"));
    text += fmt::format("    problem.align = least_alignment(problem.align, args.{});\n", tensor);
  }
  if (form.alignment > 0) {
    text += fmt::format(
        "    if (problem.align < {0}) return \"a tensor is not aligned to {0} bytes\";\n",
        form.alignment);
  }
  if (form.tensors.empty()) return text + "    return nullptr;\n";
  return text +
         "    return problem.align < problem.sizeof_t\n"
         "               ? \"an epilogue tensor is not aligned to its elements\"\n"
         "               : nullptr;\n";
}

// Returns the lines that copy the constants and tensors of a chain into its arguments.
std::string form_epilogue(const Model& model, const Form& form) {
  std::string text;
  for (const auto& [member, fields] :
       {std::pair("tensor", &form.tensors), std::pair("scalar", &form.scalars)}) {
    const std::string name = renamed_tokens(member, renaming_of(model));
    for (std::size_t i = 0; i < fields->size(); ++i) {
      text += fmt::format("    result.{}[{}] = args.{};\n", name, i, (*fields)[i]);
    }
  }
  return text;
}

std::string tensor_argument(const Argument& argument) {
  const std::string first = "dispatch::Pointer{args." + argument.field + "}";
  if (argument.by_pointers.empty()) return first;
  return fmt::format("checked::holds({}) ? dispatch::Pointer{{args.{}}} : {}", argument.by_pointers,
                     argument.pointers, first);
}

std::string map_argument(const Argument& argument, std::size_t pass, int first) {
  const Map& map = argument.map;
  const std::string which =
      map.is_im2col ? fmt::format("im2col_map<typename Form<A>::{}", map.element)
                    : fmt::format("tensor_map<typename Form<A>::{}, {}", map.element, map.rank);
  return fmt::format("dispatch::{}, {}>(args.{}, plan.pass[{}].value + {})", which, map.swizzle,
                     argument.field, pass, first);
}

// Returns one argument of a pass, as the kernel gets it. `at` is the index of its first integer.
std::string kernel_argument(const Argument& argument, std::size_t pass, int at) {
  using Kind = Argument::Kind;
  switch (argument.kind) {
    case Kind::int32:
      return fmt::format("static_cast<int>(plan.pass[{}].value[{}])", pass, at);
    case Kind::int64:
      return fmt::format("plan.pass[{}].value[{}]", pass, at);
    case Kind::workspace:
      return fmt::format("dispatch::part(plan, workspace, {})", argument.workspace);
    case Kind::epilogue:
      return "Form<A>::epilogue(args)";
    case Kind::tensor:
      return tensor_argument(argument);
    case Kind::map:
      return map_argument(argument, pass, at);
    case Kind::literal:
      return argument.field;
    case Kind::scalar:
      break;
  }
  return "args." + argument.field;
}

// Returns the type of a struct. In kernel code, T and V are the types and the variant.
std::string struct_type(const Model& model, std::string name) {
  const auto end = name.find("<T, V>");
  if (end != std::string::npos) name.replace(end, 6, "<typename Form<A>::Types, V>");
  return "::" + renamed_tokens(name, renaming_of(model));
}

// Returns the parameters of a pass, as the kernel gets them.
std::vector<std::string> kernel_parameters(const Model& model, const Launch& launch,
                                           std::size_t pass) {
  std::vector<std::string> parameters;
  std::vector<std::string> members;  // of the struct that is being filled
  int at = 0;
  const std::vector<Argument>& all = launch.arguments;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string text = kernel_argument(all[i], pass, at);
    at += static_cast<int>(all[i].integers.size());
    const int structure = all[i].structure;
    if (structure == 0) {
      parameters.push_back(std::move(text));
      continue;
    }
    members.push_back(std::move(text));
    if (i + 1 < all.size() && all[i + 1].structure == structure) continue;
    const std::string& name = launch.structs[static_cast<std::size_t>(structure - 1)];
    parameters.push_back(
        fmt::format("{}{{{}}}", struct_type(model, name), fmt::join(members, ", ")));
    members.clear();
  }
  return parameters;
}

std::string runner_pass(const Model& model, const Kernel& kernel, std::size_t pass) {
  const Launch& launch = kernel.launches[pass];
  return fmt::format("  static auto entry(dispatch::Index<{}>{}) {{\n    return ", pass,
                     kernel.is_given ? " pass" : "") +
         (kernel.is_given ? std::string("V::entry(pass)")
                          : fmt::format("::{}<typename Form<A>::Types, V, typename Form<A>::Chain>",
                                        renamed_tokens(launch.entry, renaming_of(model)))) +
         ";\n  }\n  template <class Launch>\n" +
         fmt::format("  static cudaError_t pass(dispatch::Index<{}>, ", pass) +
         "[[maybe_unused]] const A& args,\n"
         "                          [[maybe_unused]] const Plan& plan,\n"
         "                          [[maybe_unused]] void* workspace, const Launch& launch) {\n" +
         fmt::format("    return launch({});\n",
                     fmt::join(kernel_parameters(model, launch, pass), ", ")) +
         "  }\n";
}

// Returns the function that fills the arrays of a given kernel.
std::string runner_constants(const Kernel& kernel) {
  std::string text =
      "  static cudaError_t fill_constants([[maybe_unused]] const A& args,\n"
      "                                    [[maybe_unused]] const Plan& plan,\n"
      "                                    [[maybe_unused]] cudaStream_t stream) {\n";
  if (kernel.constants.empty()) return text + "    return cudaSuccess;\n  }\n";
  text += "    cudaError_t status = cudaSuccess;\n";
  for (std::size_t i = 0; i < kernel.constants.size(); ++i) {
    text += fmt::format(
        "    if (status == cudaSuccess) {{\n"
        "      status = V::fill(dispatch::Index<{}>(), args.{}, plan.pass[0].value[{}], stream);\n"
        "    }}\n",
        i, kernel.constants[i].field, kernel.constants_at + static_cast<int>(i));
  }
  return text + "    return status;\n  }\n";
}

// Returns code that only the files have that compile this kernel, and in the others `otherwise`.
std::string in_part(const Model& model, int kernel, const std::string& code,
                    const std::string& otherwise = "") {
  if (!model.is_split) return code;
  const std::string macro = part_macro(model);
  return fmt::format("#if !defined({0}) || {0} == {1}\n", macro, kernel) + code +
         (otherwise.empty() ? "" : "#else\n" + otherwise) + "#endif\n";
}

// Returns the struct by which the runner knows a branch of a given kernel.
std::string given_branch(const Model& model, int index) {
  const Branch& branch = model.branches[static_cast<std::size_t>(index)];
  const Unit& unit = branch.unit;
  const std::string scope = unit_scope(model, index);
  std::string text = fmt::format("struct v{} {{\n", index);
  for (std::size_t i = 0; i < unit.entries.size(); ++i) {
    text += fmt::format(
        "  static auto entry(dispatch::Index<{0}>) {{ return ::{1}::tilewright_entry_{0}(); }}\n",
        i, scope);
  }
  for (std::size_t i = 0; i < unit.constants.size(); ++i) {
    text += fmt::format(
        "  static cudaError_t fill(dispatch::Index<{}>, const void* from, std::int64_t bytes,\n"
        "                          cudaStream_t stream) {{\n"
        "    return cudaMemcpyToSymbolAsync(::{}::tilewright_array_{}(), from,\n"
        "                                   static_cast<std::size_t>(bytes), 0,\n"
        "                                   cudaMemcpyDeviceToDevice, stream);\n  }}\n",
        i, scope, i);
  }
  return in_part(model, branch.kernel, text + "};\n", fmt::format("struct v{};\n", index));
}

// Returns the struct by which dispatch/call.cuh knows the op.
std::string write_op(const Model& model) {
  std::string text =
      "// The op, as the code of call.cuh sees it.\n"
      "struct Op : Selector {\n"
      "  using Match = api::Match;\n"
      "  using Selection = api::Selection;\n"
      "  template <class A>\n" +
      fmt::format("  using Form = {}::Form<A>;\n", model.scope) +
      "  // Only the branches of A's form are compiled.\n"
      "  template <class A, class Visitor>\n"
      "  static cudaError_t visit(int branch, const Problem& problem, const Device& device,\n"
      "                           const Visitor& visitor) {\n";
  for (std::size_t form = 0; form < model.forms.size(); ++form) {
    if (model.forms[form].branches.empty()) continue;
    text += fmt::format("    if constexpr (Form<A>::index == {}) {{\n", form);
    text += "      switch (branch) {\n";
    for (const int i : model.forms[form].branches) {
      const Branch& branch = model.branches[static_cast<std::size_t>(i)];
      const Kernel& kernel = model.kernels[static_cast<std::size_t>(branch.kernel)];
      text += fmt::format(
          "        case {0}:\n"
          "          return visitor({2}<A, v{0}>(), {1}::plan_of({1}::v{0}, problem, device));\n",
          i, kernel.scope, kernel.runner);
    }
    text += "      }\n    }\n";
  }
  return text +
         "    return cudaErrorInvalidDeviceFunction;\n  }\n};\n\n"
         "using Calls = dispatch::Calls<Op>;\n\n";
}

// Returns a table of what each tuned problem runs, for the top of the file.
std::string overview(const Model& model) {
  std::string text;
  if (!model.rows.empty()) {
    text += "//\n// The tuned problems, each with the struct below that holds its winner:\n";
  }
  for (const Row& row : model.rows) {
    text += comment(
        fmt::format("  v{:<3} {:>10.4g} us  {}", row.branch, row.median_ns / 1e3, row.text), 0, 4);
  }
  return text +
         "//\n"
         "// A call runs the first of these configurations that exists and can serve the call:\n"
         "// - The winner of the tuned problem that equals the call. The GPU must have the\n"
         "//   compute capability and the number of SMs of the tuned GPU.\n"
         "// - The winner that is expected to be the fastest, among the winners that can serve\n"
         "//   the call. The GPU must have the compute capability of the tuned GPU.\n"
         "// - A default configuration.\n"
         "// choose() in dispatch/choose.h defines the rule. select(args) returns the\n"
         "// configuration that a call runs.\n";
}

std::string includes(const Model& model) {
  const std::string folder = "tilewright_" + model.digest;
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
      model.op, model.api);
  if (model.standard > 0) {
    text += fmt::format(
        "#if __cplusplus < {0}L && (!defined(_MSVC_LANG) || _MSVC_LANG < {0}L)\n"
        "#error \"{1}.cuh has a kernel that was tuned with a newer standard: compile with "
        "-std=c++{2}\"\n#endif\n",
        model.standard, model.op, model.standard / 100 % 100);
  }
  if (model.reads_memory) {
    text += renamed_tokens("#define TW_READS_MEMORY_BYTES\n", renaming_of(model));
  }
  text += "#include <cuda_runtime.h>\n\n#include \"" + model.api + "\"\n";
  const auto include = [&](const std::string& path) {
    text += fmt::format("#include \"{}/{}\"\n", folder, path);
  };
  include("dispatch/call.cuh");
  include("dispatch/select.h");
  if (model.has_maps) include("dispatch/tensor_map.cuh");
  for (const std::string& path : model.includes) include(path);
  // The symbols of units are not exported.
  std::string units;
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    if (model.branches[i].unit.source.empty()) continue;
    units += in_part(model, model.branches[i].kernel,
                     fmt::format("#include \"{}/units/v{}.cuh\"\n", folder, i));
  }
  if (!units.empty()) text += hidden + units + visible_again;
  return text + "\n";
}

}  // namespace

std::string write_branch(const Model& model, int index) {
  const Branch& branch = model.branches[static_cast<std::size_t>(index)];
  std::string text = comment(fmt::format("v{}, {}", index, branch.title), 0, 4);
  for (const std::string& note : branch.notes) text += comment("  " + note, 0, 6);
  return text +
         (branch.unit.source.empty() ? wrapped(renamed_tokens(branch.variant, renaming_of(model)))
                                     : given_branch(model, index)) +
         "\n";
}

std::string write_form(const Model& model, int index) {
  const Form& form = model.forms[static_cast<std::size_t>(index)];
  const std::string type = "api::" + form.type;
  const auto kernels = [&](const std::string& code) {
    return renamed_tokens(code, renaming_of(model));
  };
  std::string text = "template <>\nstruct Form<" + type + "> {\n";
  text += fmt::format("  static constexpr int index = {};\n", index);
  text += fmt::format("  static constexpr std::int64_t dtype = {};\n", form.dtype);
  text += fmt::format("  static constexpr std::int64_t math = {};\n", form.math);
  text += fmt::format("  static constexpr std::int64_t reduced = {};\n", form.is_reduced ? 1 : 0);
  text += "  using T = " + kernels(form.element) + ";\n" + indented(kernels(form.types));
  text += "  using Chain = " + kernels(form.chain) + ";\n";
  text += "  static const char* check([[maybe_unused]] const " + type +
          "& args,\n"
          "                           [[maybe_unused]] Problem& problem) {\n" +
          form_check(form) + "  }\n";
  text += "  static typename Chain::Args epilogue([[maybe_unused]] const " + type +
          "& args) {\n"
          "    typename Chain::Args result{};\n" +
          form_epilogue(model, form) + "    return result;\n  }\n};\n\n";
  return wrapped(text);
}

std::string write_runner(const Model& model, const Kernel& kernel) {
  std::string text =
      comment(fmt::format("The kernel {}. Its passes and their arguments are in the order of its "
                          "search-space file.",
                          kernel.label)) +
      "template <class A, class V>\nstruct " + kernel.runner + " {\n" +
      "  using Plan = " + kernel.scope + "::Plan;\n" +
      fmt::format("  using ZeroEach = dispatch::Workspaces<{}>;\n",
                  fmt::join(kernel.zero_each, ", ")) +
      fmt::format("  using ZeroOnce = dispatch::Workspaces<{}>;\n\n",
                  fmt::join(kernel.zero_once, ", "));
  for (std::size_t i = 0; i < kernel.launches.size(); ++i) {
    text += runner_pass(model, kernel, i);
  }
  text += runner_constants(kernel);
  return wrapped(text + "};\n\n");
}

std::string write_dispatch(const Model& model) {
  const std::string scope = inner_scope(model);
  std::string text = comment(model.op + ": " + model.doc) + overview(model) + includes(model) +
                     hidden + "namespace " + scope + " {\n\n" + "namespace api = ::" + model.space +
                     ";\n\n";
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    text += write_branch(model, static_cast<int>(i));
  }
  text += wrapped(fmt::format(
      "// The properties of a type of arguments: its types, its own checks and its epilogue.\n"
      "template <class A>\n"
      "struct Form {{\n"
      "  static_assert(sizeof(A) == 0,\n"
      "                \"{0}: not one of the types of arguments in {1}; tune a problem of \"\n"
      "                \"this storage, math and epilogue, and emit again\");\n"
      "}};\n\n",
      model.op, model.api));
  for (std::size_t i = 0; i < model.forms.size(); ++i) {
    if (!model.forms[i].branches.empty()) text += write_form(model, static_cast<int>(i));
  }
  for (const Kernel& kernel : model.kernels) text += write_runner(model, kernel);
  text += wrapped(write_op(model)) + "}  // namespace " + scope + "\n\n" + visible_again;
  return text + open_space(model) + "namespace inner = ::" + scope + ";\n\n" + defined_functions() +
         close_space(model);
}

}  // namespace tw::header
