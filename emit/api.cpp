// Writes <op>.h, the types of arguments and the public functions with their documentation, and
// <op>.cu, which defines the functions for callers in plain C++.
#include <fmt/format.h>

#include "emit/tuning/tuning.h"

namespace tw {
namespace {

std::string texts_of(const std::vector<Expr>& exprs) {
  std::vector<std::string> parts;
  parts.reserve(exprs.size());
  for (const Expr& expr : exprs) parts.push_back(expr.text());
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string dim_fields(const OpSpec& op) {
  std::string text;
  for (const DimSpec& dim : op.dims) {
    const std::string otherwise =
        dim.fallback ? fmt::format("; -1 means {}", dim.fallback->text()) : "";
    text += comment(dim.doc + otherwise, 2, 2);
    text += fmt::format("  std::int64_t {} = {};\n", cpp_name(dim.name), dim.fallback ? -1 : 0);
  }
  return text;
}

std::string base_struct(const OpSpec& op, const Form& form) {
  std::string text = comment(fmt::format(
      "The arguments of a call. Storage type: {}; math (the accuracy of products): {}; no "
      "epilogue. Pointers point to device memory. The fastest branches need pointers that are "
      "aligned to 16 bytes.",
      name_of(form.dtype), form.math));
  text += fmt::format("struct {} {{\n", form.type) + dim_fields(op);
  for (const ChoiceSpec& choice : op.choices) {
    text += comment(choice.doc, 2, 2);
    text += fmt::format("  {0} {1} = {0}::{2};\n", enum_of(choice), cpp_name(choice.name),
                        cpp_name(choice.values.front()));
  }
  for (const ScalarSpec& scalar : op.scalars) {
    text += comment(scalar.doc, 2, 2);
    text += fmt::format("  float {} = {:.9g};\n", cpp_name(scalar.name), scalar.fallback);
  }
  for (const TensorSpec& tensor : op.tensors) {
    const DType dtype = dtype_of(tensor, form.dtype);
    text +=
        comment(fmt::format("{}: shape [{}], strides [{}] in elements{}", tensor.doc,
                            texts_of(tensor.shape), texts_of(tensor.strides),
                            dtype == form.dtype ? "" : fmt::format(" of type {}", name_of(dtype))),
                2, 2);
    const std::string element =
        fmt::format("{}{}", tensor.role == Role::in ? "const " : "", host_type_of(dtype));
    text += fmt::format("  {}* {} = nullptr;\n", element, cpp_name(tensor.name));
    if (!tensor.by_pointers) continue;
    text += comment(
        fmt::format("an array in device memory of [{2}] pointers, one to each slice of {0} along "
                    "its first extent. It is read instead of {0} if {1}. strides[0] does not apply "
                    "to these slices. strides[0] still applies to other tensors of this shape.",
                    cpp_name(tensor.name), tensor.by_pointers->text(), tensor.shape.front().text()),
        2, 2);
    text += fmt::format("  {}* const* {} = nullptr;\n", element, pointers_field(tensor));
  }
  if (has_tensors_by_pointers(op)) {
    text += comment("the alignment of all pointers in these arrays in bytes, a power of two", 2, 2);
    text += "  std::int64_t pointers_align = 16;\n";
  }
  return text + "};\n\n";
}

// Returns a float as a C++ literal that reads back as the same float: "-1", "0.1f".
std::string float_literal(float value) {
  const std::string text = fmt::format("{}", value);
  return text + (text.find_first_of(".e") == std::string::npos ? "" : "f");
}

// Returns the constructor of a type that has constants without a default.
std::string constructor_of(const Form& form, const std::vector<std::string>& missing) {
  std::vector<std::string> parameters, initialisers;
  for (const std::string& name : missing) {
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

std::string extended_struct(const Form& form) {
  std::string text = comment(fmt::format(
      "The arguments of a call with an epilogue. The steps of the epilogue, in order: {}.{}",
      form.epilogue.structure(),
      form.epilogue.reduced() ? " The epilogue ends in a reduction: in the expressions above, "
                                "`reduced` is 1 for this type, and 0 for types without a reduction."
                              : ""));
  text += fmt::format("struct {} : {} {{\n", form.type, form.base);
  std::vector<std::string> missing;
  for (const EpilogueField& field : form.fields) {
    text += comment(field.doc + (field.tuned ? "; all winners have this value" : ""), 2, 2);
    if (field.is_tensor) {
      text += fmt::format("  const {}* {} = nullptr;\n", host_type_of(form.dtype), field.name);
    } else if (field.tuned) {
      text += fmt::format("  float {} = {};\n", field.name, float_literal(*field.tuned));
    } else {
      text += fmt::format("  float {};\n", field.name);
      missing.push_back(field.name);
    }
  }
  if (!missing.empty()) text += constructor_of(form, missing);
  return text + "};\n\n";
}

std::string enums(const OpSpec& op) {
  std::string text;
  for (const ChoiceSpec& choice : op.choices) {
    std::vector<std::string> values;
    for (const std::string& value : choice.values) values.push_back(cpp_name(value));
    text += comment(choice.doc);
    text += fmt::format("enum class {} {{ {} }};\n\n", enum_of(choice), fmt::join(values, ", "));
  }
  return text;
}

constexpr const char* functions = R"(// How the configuration of a call was found.
enum class Match {
  exact,     // this problem was tuned, on a GPU with this compute capability and number of SMs
  nearest,   // the nearest tuned problem whose configuration can serve the call, tuned on a GPU
             // with this compute capability
  fallback,  // a default configuration: no tuned configuration can serve the call
  none       // no configuration runs; status and reason say why
};

// The configuration that a call runs. The strings live as long as the program.
struct Selection {
  cudaError_t status = cudaSuccess;    // the status that launch would return before it launches
  const char* reason = "";             // if status is an error: its reason. If it is cudaSuccess:
                                       // what the program lacks for a better branch, or empty
  Match match = Match::none;
  int branch = -1;                     // the number of the branch's struct in the .cuh: v0, v1, ...
  const char* kernel = "";
  const char* configuration = "";      // "block_m=128 block_n=64 ..."
  const char* tuned_problem = "";      // the tuned problem, if the match is exact or nearest
  double tuned_ns = 0;                 // the median time of this configuration on it, in ns
};

// A is one of the types of arguments above. In CUDA sources, a call with another type does not
// compile. In plain C++ it does not link.
//
// All functions act on the current device. They may be called from several threads at once. They
// allocate nothing and never wait for the GPU.
//
// The functions return these errors before anything is launched:
//   cudaErrorInvalidValue            The problem does not allow the arguments; select says which:
//                                    - a dim is out of its range;
//                                    - a row is longer than its leading dimension;
//                                    - a tensor has more than 2^40 elements;
//                                    - a tensor is null, or is not aligned to the largest
//                                      elements that the op has;
//                                    - a choice is none of its values.
//                                    Or the workspace is not usable:
//                                    - it is missing, or is not aligned to 256 bytes;
//                                    - it is too small, if its size is given.
//   cudaErrorInvalidDeviceFunction   No configuration serves these arguments on this device. The
//                                    cause is one of these:
//                                    - the device's compute capability, shared memory or threads;
//                                    - the alignment of pointers and strides;
//                                    - a grid or an int that would be too large.
//   cudaErrorNoKernelImageForDevice  The program was not compiled for this device.
// They also return the errors of the CUDA runtime.
//
// The functions do not check these rules, which the caller must obey:
// - Pointers point to memory of this device. The memory is as large as the arguments say.
// - The memory that a call writes overlaps no other memory that the call uses.

// Starts the computation on `stream`. The call may be captured into a graph. `workspace` is device
// memory:
// - It has workspace_bytes(args) bytes and is aligned to 256 bytes. It may be null if this size is
//   0.
// - initialise_workspace has prepared it.
// - No other launch that may run at the same time uses it.
template <class A>
cudaError_t launch(const A& args, void* workspace, cudaStream_t stream);
// Does the same with a workspace of `bytes` bytes. Returns cudaErrorInvalidValue if `bytes` is less
// than workspace_bytes(args).
template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream);

// Returns the size in bytes of the workspace that launch needs. The size is valid for exactly these
// arguments, including the pointers. Returns 0 if launch needs no workspace or would fail.
template <class A>
std::size_t workspace_bytes(const A& args);

// Zeroes, on `stream`, the parts of the workspace that the branch expects to be zero. Call it once
// before the first launch that uses the workspace, and again when the arguments change. A launch
// leaves these parts zero.
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, cudaStream_t stream);
// Does the same with a workspace of `bytes` bytes. Returns cudaErrorInvalidValue if `bytes` is less
// than workspace_bytes(args).
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream);

// Returns the configuration that launch would run.
template <class A>
Selection select(const A& args);

// Writes the attributes of the first kernel that launch would run to `result`. Among them are the
// registers, the local memory in bytes (spills) and the static shared memory. `result` must not be
// null.
template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result);

)";

std::string usage(const EmitModel& model) {
  const std::string& op = model.op().name;
  const std::string scope = public_namespace(model);
  return fmt::format(
      "//\n"
      "// In CUDA sources, include {0}.cuh. It contains everything.\n"
      "// In plain C++, include {3}, and compile {0}.cu into the program.\n"
      "// One program may do both.\n"
      "//\n"
      "//   {1}::Args args;\n"
      "//   args.{2} = ...;\n"
      "//   cudaMalloc(&workspace, {1}::workspace_bytes(args));  // if it is not 0\n"
      "//   {1}::initialise_workspace(args, workspace, stream);\n"
      "//   cudaError_t status = {1}::launch(args, workspace, stream);\n",
      op, scope, cpp_name(model.op().dims.front().name), header_of(model));
}

// Returns the code that stops the compiler if one file includes two tunings with the same public
// namespace. A program may contain both.
std::string name_guard(const EmitModel& model) {
  const std::string macro =
      "TILEWRIGHT_IN_" + escaped(fmt::format("{}::{}", model.name_space, model.op().name));
  return fmt::format(
      "#ifdef {0}\n"
      "#error \"two tunings of {1} in namespace {2}: emit one with --namespace another_name\"\n"
      "#endif\n"
      "#define {0}\n\n",
      macro, model.op().name, model.name_space);
}

}  // namespace

std::string api_text(const EmitModel& model) {
  const OpSpec& op = model.op();
  std::string text = comment(op.name + ": " + op.doc) + usage(model) +
                     "#include <cuda_runtime_api.h>\n\n#include <cstddef>\n"
                     "#include <cstdint>\n\n" +
                     name_guard(model);
  text += fmt::format("namespace {} {{\n", public_namespace(model));
  text += fmt::format("inline namespace tuning_{} {{\n\n", model.renaming.digest) + enums(op);
  for (const Form& form : model.forms) {
    text += form.base.empty() ? base_struct(op, form) : extended_struct(form);
  }
  return text + functions +
         fmt::format("}}  // namespace tuning_{}\n}}  // namespace {}\n", model.renaming.digest,
                     public_namespace(model));
}

std::string source_text(const EmitModel& model) {
  std::string text = fmt::format(
      "// Defines the functions of {3}. Compile this file once, with nvcc.\n"
      "#include \"{0}.cuh\"\n\nnamespace {1} {{\ninline namespace tuning_{2} {{\n\n",
      model.op().name, public_namespace(model), model.renaming.digest, header_of(model));
  for (const Form& form : model.forms) {
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
  return text + fmt::format("}}  // namespace tuning_{}\n}}  // namespace {}\n",
                            model.renaming.digest, public_namespace(model));
}

}  // namespace tw
