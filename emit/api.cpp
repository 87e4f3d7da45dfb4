// Writes <op>.h, the types of arguments and the public functions with their documentation, and
// <op>.cu, which defines the functions for callers in plain C++.
#include <fmt/format.h>

#include "emit/model.h"

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
        dim.fallback ? fmt::format("; -1 stands for {}", dim.fallback->text()) : "";
    text += comment(dim.doc + otherwise, 2, 2);
    text += fmt::format("  std::int64_t {} = {};\n", cpp_name(dim.name), dim.fallback ? -1 : 0);
  }
  return text;
}

std::string base_struct(const OpSpec& op, const Form& form) {
  std::string text = comment(fmt::format(
      "Arguments of a call: {} storage, {} products, no epilogue. Pointers are to device memory; "
      "aligned to 16 bytes, they serve the fastest branches.",
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
    text += comment(fmt::format("{}: [{}] with strides [{}], in elements{}", tensor.doc,
                                texts_of(tensor.shape), texts_of(tensor.strides),
                                dtype == form.dtype ? "" : fmt::format(" of {}", name_of(dtype))),
                    2, 2);
    const std::string element =
        fmt::format("{}{}", tensor.role == Role::in ? "const " : "", host_type_of(dtype));
    text += fmt::format("  {}* {} = nullptr;\n", element, cpp_name(tensor.name));
    if (!tensor.by_pointers) continue;
    text += comment(
        fmt::format("read instead of {} if {}: an array in device memory of pointers "
                    "to its [{}] slices; strides[0] is not used then, except of what "
                    "has the same shape",
                    cpp_name(tensor.name), tensor.by_pointers->text(), tensor.shape.front().text()),
        2, 2);
    text += fmt::format("  {}* const* {} = nullptr;\n", element, pointers_field(tensor));
  }
  if (has_tensors_by_pointers(op)) {
    text += comment("bytes to which all pointers in such arrays are aligned: a power of two", 2, 2);
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
  return comment("winners were tuned with different values, or values that are not known", 2, 2) +
         wrapped(fmt::format("  explicit {}({})\n      : {} {{}}\n", form.type,
                             fmt::join(parameters, ", "), fmt::join(initialisers, ", ")));
}

std::string extended_struct(const Form& form) {
  std::string text = comment(fmt::format(
      "Arguments of a call with an epilogue: {}, in this order.{}", form.epilogue.structure(),
      form.epilogue.reduced() ? " It ends in a reduction: read reduced as 1 above, elsewhere as 0."
                              : ""));
  text += fmt::format("struct {} : {} {{\n", form.type, form.base);
  std::vector<std::string> missing;
  for (const EpilogueField& field : form.fields) {
    text += comment(field.doc + (field.tuned ? "; tuned with this value" : ""), 2, 2);
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
  exact,     // this problem was tuned, on a GPU of this compute capability and number of SMs
  nearest,   // the nearest tuned problem whose configuration serves, on this compute capability
  fallback,  // a default configuration: nothing that was tuned serves
  none       // nothing runs; status and reason say why
};

// What a call runs. Strings live as long as the program.
struct Selection {
  cudaError_t status = cudaSuccess;    // what launch would return before it launches
  const char* reason = "";             // of a status other than cudaSuccess; else empty, or what
                                       // the program lacks for a better branch
  Match match = Match::none;
  int branch = -1;                     // the number of its struct, v0 v1 ..., in the .cuh
  const char* kernel = "";
  const char* configuration = "";      // "block_m=128 block_n=64 ..."
  const char* tuned_problem = "";      // of an exact or nearest match: the tuned problem,
  double tuned_ns = 0;                 // and the median time of this configuration on it
};

// A is one of the types of arguments above; others do not compile, or, from plain C++, do not link.
// All functions act on the current device, may be called from several threads at once, allocate
// nothing and never wait for the GPU. They return, before anything is launched,
//   cudaErrorInvalidValue            arguments that the problem does not allow (select says which):
//                                    a dim out of its range; a row longer than its leading
//                                    dimension; a tensor of more than 2^40 elements; a tensor that
//                                    is null, or not aligned to its elements; a choice that is none.
//                                    Or a workspace that is missing, not aligned to 256 bytes, or,
//                                    where its size is given, too small
//   cudaErrorInvalidDeviceFunction   no configuration serves these arguments on this device: its
//                                    compute capability, shared memory or threads, the alignment of
//                                    pointers and strides, or a grid or an int that is too large
//   cudaErrorNoKernelImageForDevice  the program was not compiled for this device
// or what the CUDA runtime returns. Not checked: that pointers are to memory of this device, as
// large as the arguments say, and that what is written overlaps nothing else, as it must not.

// Starts the computation on `stream`; may be captured into a graph. `workspace` is device memory of
// workspace_bytes(args), aligned to 256 bytes (null if that is 0), prepared by
// initialise_workspace, and used by no other launch that may run at the same time.
template <class A>
cudaError_t launch(const A& args, void* workspace, cudaStream_t stream);
// The same, of a workspace of `bytes`: refuses one that is smaller than workspace_bytes(args).
template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream);

// Bytes of workspace that launch needs for exactly these arguments, pointers included; 0 if it
// needs none or would fail.
template <class A>
std::size_t workspace_bytes(const A& args);

// Once before the first launch that uses a workspace, and again when the arguments change: zeroes,
// on `stream`, what the branch expects to be zero. Launches leave it so.
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, cudaStream_t stream);
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream);

// What launch would run.
template <class A>
Selection select(const A& args);

// Registers, local bytes (spills) and static shared memory of the first kernel that launch would
// run; never null.
template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result);

)";

std::string usage(const EmitModel& model) {
  const std::string& op = model.op().name;
  const std::string scope = public_namespace(model);
  return fmt::format(
      "//\n"
      "// In CUDA sources, include {0}.cuh: it holds everything. In plain C++, include {3} and\n"
      "// compile {0}.cu into the program. One program may do both.\n"
      "//\n"
      "//   {1}::Args args;\n"
      "//   args.{2} = ...;\n"
      "//   cudaMalloc(&workspace, {1}::workspace_bytes(args));  // if it is not 0\n"
      "//   {1}::initialise_workspace(args, workspace, stream);\n"
      "//   cudaError_t status = {1}::launch(args, workspace, stream);\n",
      op, scope, cpp_name(model.op().dims.front().name), header_of(model));
}

// Two tunings may be in one program, but in one file only under two names.
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
      "// Defines the functions of {3}. Compile it once, with nvcc.\n"
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
