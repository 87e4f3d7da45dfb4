// Writes <op>.h, the types of arguments and the public functions with their documentation, and
// <op>.cu, which defines the functions for callers in plain C++.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "emit/header/emitted_texts.h"
#include "emit/header/write.h"

namespace tw::header {
namespace {

// Returns the constructor of a type that has constants without a default.
std::string constructor_of(const Form& form) {
  std::vector<std::string> parameters, initialisers;
  for (const std::string& name : form.stated) {
    parameters.push_back(fmt::format("float {}_value", name));
    initialisers.push_back(fmt::format("{0}({0}_value)", name));
  }
  return comment(
             "These fields have no default: the winners were tuned with different values, or the "
             "values are not known.",
             2, 2) +
         wrapped(fmt::format("  explicit {}({})\n      : {} {{}}\n", form.type,
                             fmt::join(parameters, ", "), fmt::join(initialisers, ", ")));
}

// Returns the declarations of the functions behind which the code of a kernel is, each after
// `begin`: "template", or "extern template" if another file instantiates them.
std::string kernel_functions(const Model& model, int index, const std::string& begin) {
  const Kernel& kernel = model.kernels[static_cast<std::size_t>(index)];
  std::string text;
  for (const Form& form : model.forms) {
    for (const int branch : form.branches) {
      if (model.branches[static_cast<std::size_t>(branch)].kernel != index) continue;
      text += fmt::format(
          "{0} cudaError_t dispatch::run<\n"
          "    {1}::{2}<{1}::api::{4}, {1}::v{5}>, {1}::api::{4}>(\n"
          "    const {1}::api::{4}&, const {1}::{3}::Plan&,\n"
          "    const dispatch::Device&, void*, cudaStream_t);\n"
          "{0} cudaError_t dispatch::attributes_of<\n"
          "    {1}::{2}<{1}::api::{4}, {1}::v{5}>>(\n"
          "    const {1}::{3}::Plan&, cudaFuncAttributes*);\n",
          begin, model.scope, kernel.runner, kernel.scope, form.type, branch);
    }
  }
  return wrapped(text);
}

// Returns the include of the header by a file that compiles the kernel of this number, or none.
std::string include_part(const Model& model, int kernel) {
  return fmt::format("#define {} {}\n#include \"{}.cuh\"\n\n", part_macro(model), kernel, model.op);
}

// Returns the names of the files that hold the kernels, if they are split: "gemm.mma.cu, ...".
std::string kernel_files(const Model& model) {
  std::vector<std::string> names;
  for (const Kernel& kernel : model.kernels) names.push_back(kernel.file);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Returns how to use the header, for its first lines.
std::string usage(const Model& model) {
  const auto called = std::find_if(model.forms.begin(), model.forms.end(),
                                   [](const Form& form) { return !form.branches.empty(); });
  return fmt::format(
      "//\n"
      "// In CUDA sources, include {0}.cuh. It contains everything.\n"
      "// In plain C++, include {3}, and compile {5} into the program.\n"
      "// One program may do both.\n"
      "//\n"
      "//   {1}::{4} args;\n"
      "//   args.{2} = ...;\n"
      "//   cudaMalloc(&workspace, {1}::workspace_bytes(args));  // if it is not 0\n"
      "//   {1}::initialise_workspace(args, workspace, stream);\n"
      "//   cudaError_t status = {1}::launch(args, workspace, stream);\n",
      model.op, model.space, model.dims.front().name, model.api, called->type,
      model.is_split ? fmt::format("{0}.cu and each {0}.*.cu", model.op) : model.op + ".cu");
}

}  // namespace

std::string write_name_guard(const Model& model) {
  return fmt::format(
      "#ifdef {0}\n"
      "#error \"two tunings of {1} in namespace {2}: emit one with --namespace another_name\"\n"
      "#endif\n"
      "#define {0}\n\n",
      model.guard, model.op, model.user_space);
}

std::string write_enum(const Choice& choice) {
  return comment(choice.doc) +
         fmt::format("enum class {} {{ {} }};\n\n", choice.type, fmt::join(choice.values, ", "));
}

std::string write_arguments(const Form& form) {
  std::string text = comment(form.doc);
  if (form.branches.empty()) {
    text +=
        comment("Other types extend this one. No function takes it: nothing like it was tuned.");
  }
  text += "struct " + form.type;
  if (!form.base.empty()) text += " : " + form.base;
  text += " {\n";
  for (const Field& field : form.fields) {
    text += comment(field.doc, 2, 2) + "  " + field.type + " " + field.name;
    if (!field.value.empty()) text += " = " + field.value;
    text += ";\n";
  }
  if (!form.stated.empty()) text += constructor_of(form);
  return text + "};\n\n";
}

std::string write_api(const Model& model) {
  std::string text = comment(model.op + ": " + model.doc) + usage(model) +
                     "#include <cuda_runtime_api.h>\n\n#include <cstddef>\n"
                     "#include <cstdint>\n\n" +
                     write_name_guard(model) + open_space(model);
  for (const Choice& choice : model.choices) text += write_enum(choice);
  for (const Form& form : model.forms) text += write_arguments(form);
  return text + declared_functions() + close_space(model);
}

std::string write_instances(const Model& model) {
  std::string text = fmt::format(
      "// Defines the functions of {}. Compile this file once, with nvcc.\n", model.api);
  if (model.is_split) {
    text += comment(fmt::format("Compile and link these files too, with the same options. They "
                                "hold the kernels: {}",
                                kernel_files(model))) +
            include_part(model, -1) + fmt::format("namespace tw_{} {{\n\n", model.digest);
    for (std::size_t i = 0; i < model.kernels.size(); ++i) {
      text += kernel_functions(model, static_cast<int>(i), "extern template");
    }
    text += fmt::format("\n}}  // namespace tw_{}\n\n", model.digest);
  } else {
    text += fmt::format("#include \"{}.cuh\"\n\n", model.op);
  }
  text += open_space(model);
  for (const Form& form : model.forms) {
    if (form.branches.empty()) continue;
    text += wrapped(
        fmt::format("template cudaError_t launch(const {0}&, void*, cudaStream_t);\n"
                    "template cudaError_t launch(const {0}&, void*, std::size_t, cudaStream_t);\n"
                    "template std::size_t workspace_bytes(const {0}&);\n"
                    "template cudaError_t initialise_workspace(const {0}&, void*, cudaStream_t);\n"
                    "template cudaError_t initialise_workspace(const {0}&, void*, std::size_t, "
                    "cudaStream_t);\n"
                    "template Selection select(const {0}&);\n"
                    "template cudaError_t attributes(const {0}&, cudaFuncAttributes*);\n\n",
                    form.type));
  }
  return text + close_space(model);
}

std::string write_kernel_instances(const Model& model, int kernel) {
  const std::string& label = model.kernels[static_cast<std::size_t>(kernel)].label;
  return comment(fmt::format("Defines the kernel {} for {}.cu. Compile this file once, with nvcc.",
                             label, model.op)) +
         include_part(model, kernel) + fmt::format("namespace tw_{} {{\n\n", model.digest) +
         kernel_functions(model, kernel, "template") +
         fmt::format("\n}}  // namespace tw_{}\n", model.digest);
}

}  // namespace tw::header
