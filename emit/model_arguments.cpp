// The part of a model that calls are about: the types of arguments, and what is checked of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/lowering/variant_text.h"
#include "emit/header/text.h"
#include "emit/model_parts.h"
#include "emit/tuning/names.h"

namespace tw {
namespace {

std::string texts_of(const std::vector<Expr>& exprs) {
  std::vector<std::string> parts;
  parts.reserve(exprs.size());
  for (const Expr& expr : exprs) parts.push_back(expr.text());
  return fmt::format("{}", fmt::join(parts, ", "));
}

void add_tensor_fields(const TensorSpec& tensor, DType problem,
                       std::vector<header::Field>& fields) {
  const DType dtype = dtype_of(tensor, problem);
  const std::string name = cpp_name(tensor.name);
  const std::string element =
      fmt::format("{}{}*", tensor.role == Role::in ? "const " : "", host_type_of(dtype));
  fields.push_back({fmt::format("{}shape [{}], strides [{}] in elements{}",
                                tensor.doc.empty() ? "" : tensor.doc + ": ", texts_of(tensor.shape),
                                texts_of(tensor.strides),
                                dtype == problem ? "" : fmt::format(" of type {}", name_of(dtype))),
                    element, name, "nullptr"});
  if (!tensor.by_pointers) return;
  fields.push_back(
      {fmt::format("an array in device memory of [{2}] pointers, one to each slice of {0} along "
                   "its first extent. It is read instead of {0} if {1}. strides[0] does not apply "
                   "to these slices. strides[0] still applies to other tensors of this shape.",
                   name, tensor.by_pointers->text(), tensor.shape.front().text()),
       element + " const*", pointers_field(tensor), "nullptr"});
}

// Returns the field for a number of a kernel's arguments.
header::Field number_field(const ArgSpec& arg) {
  using Kind = ArgSpec::Kind;
  const DType dtype = arg.kind == Kind::int32   ? DType::i32
                      : arg.kind == Kind::int64 ? DType::i64
                                                : arg.dtype;
  const bool is_half = host_type_of(dtype) == "void";
  return {"an argument of the kernel; its default is the value that was tuned",
          std::string(is_half ? "float" : host_type_of(dtype)), cpp_name(arg.name),
          arg.real ? fmt::format("{:.17g}", *arg.real) : arg.value.text()};
}

std::vector<header::Field> base_fields(const OpSpec& op, DType dtype,
                                       const std::vector<const ArgSpec*>& numbers) {
  std::vector<header::Field> fields;
  for (const DimSpec& dim : op.dims) {
    const std::string otherwise =
        dim.fallback ? fmt::format("; -1 means {}", dim.fallback->text()) : "";
    fields.push_back({(dim.doc.empty() ? "the size " + dim.name : dim.doc) + otherwise,
                      "std::int64_t", cpp_name(dim.name), dim.fallback ? "-1" : "0"});
  }
  for (const ChoiceSpec& choice : op.choices) {
    fields.push_back({choice.doc, enum_of(choice), cpp_name(choice.name),
                      fmt::format("{}::{}", enum_of(choice), cpp_name(choice.values.front()))});
  }
  for (const ScalarSpec& scalar : op.scalars) {
    fields.push_back(
        {scalar.doc, "float", cpp_name(scalar.name), fmt::format("{:.9g}", scalar.fallback)});
  }
  for (const ArgSpec* number : numbers) fields.push_back(number_field(*number));
  for (const TensorSpec& tensor : op.tensors) add_tensor_fields(tensor, dtype, fields);
  if (has_tensors_by_pointers(op)) {
    fields.push_back({"the alignment of all pointers in these arrays in bytes, a power of two",
                      "std::int64_t", "pointers_align", "16"});
  }
  return fields;
}

// Returns a float as a C++ literal that reads back as the same float: "-1", "0.1f".
std::string float_literal(float value) {
  const std::string text = fmt::format("{}", value);
  return text + (text.find_first_of(".e") == std::string::npos ? "" : "f");
}

void add_epilogue(const Form& form, header::Form& model) {
  for (const EpilogueField& field : form.fields) {
    const std::string doc = field.doc + (field.tuned ? "; all winners have this value" : "");
    if (field.is_tensor) {
      model.fields.push_back(
          {doc, fmt::format("const {}*", host_type_of(form.dtype)), field.name, "nullptr"});
      model.tensors.push_back(field.name);
      continue;
    }
    model.fields.push_back(
        {doc, "float", field.name, field.tuned ? float_literal(*field.tuned) : ""});
    model.scalars.push_back(field.name);
    if (!field.tuned) model.stated.push_back(field.name);
  }
}

// Sets the types of the kernels. Given kernels have their own, so that only the size of an element
// counts.
void set_types(const Tuning& tuning, const Form& form, header::Form& model) {
  const bool are_given =
      std::all_of(tuning.kernels.begin(), tuning.kernels.end(),
                  [](const KernelSpec* kernel) { return kernel->knobs_are_macros; });
  const bool is_half = host_type_of(form.dtype) == "void";
  model.element = !are_given ? cpp_type_of(form.dtype)
                  : is_half  ? "std::uint16_t"
                             : host_type_of(form.dtype);
  if (!are_given) model.types = types_text(tuning.op(), form.dtype, "Types");
  if (model.types.empty()) model.types = "using Types = T;\n";
  model.chain = are_given ? "dispatch::NoChain" : form.epilogue.cpp_type();
}

std::string doc_of(const Form& form) {
  if (form.base.empty()) {
    return fmt::format(
        "The arguments of a call. Storage type: {}; math (the accuracy of products): {}; no "
        "epilogue. Pointers point to device memory. The fastest branches need pointers that are "
        "aligned to 16 bytes.",
        name_of(form.dtype), form.math);
  }
  return fmt::format(
      "The arguments of a call with an epilogue. The steps of the epilogue, in order: {}.{}",
      form.epilogue.structure(),
      form.epilogue.reduced() ? " The epilogue ends in a reduction: in the expressions above, "
                                "`reduced` is 1 for this type, and 0 for types without a reduction."
                              : "");
}

}  // namespace

header::Choice choice_model(const ChoiceSpec& choice) {
  header::Choice model{choice.doc, enum_of(choice), cpp_name(choice.name), {}, {}};
  for (const std::string& value : choice.values) model.values.push_back(cpp_name(value));
  model.reason = choice.name + " is none of its values";
  return model;
}

header::Form form_model(const Tuning& tuning, const Form& form) {
  const OpSpec& op = tuning.op();
  header::Form model;
  model.type = form.type;
  model.base = form.base;
  model.doc = doc_of(form);
  if (form.base.empty()) {
    model.fields = base_fields(op, form.dtype, named_numbers(tuning.kernels));
  }
  add_epilogue(form, model);
  model.dtype = static_cast<std::int64_t>(form.dtype);
  model.math = number_of_math(form.math);
  model.is_reduced = form.epilogue.reduced();
  model.element_bytes = size_of(form.dtype);
  set_types(tuning, form, model);
  for (const TensorSpec& tensor : op.tensors) {
    if (!model.is_reduced || tensor.role != Role::inout) continue;
    model.checks.push_back({fmt::format("args.{} != 0", cpp_name(tensor.scaled_by)),
                            tensor.scaled_by + " must be 0 with a reduction"});
  }
  const int bytes = least_align(op, form.dtype);
  if (bytes > size_of(form.dtype)) model.alignment = bytes;
  return model;
}

header::Dim dim_model(const OpSpec& op, const DimSpec& dim) {
  return {cpp_name(dim.name), dim.fallback ? Speller(op)(*dim.fallback) : "", dim.min, dim.max,
          fmt::format("{} must be between {} and {}", dim.name, dim.min, dim.max)};
}

header::Tensor tensor_model(const OpSpec& op, const TensorSpec& tensor) {
  const Speller spell(op);
  header::Tensor model;
  model.name = cpp_name(tensor.name);
  model.is_null = tensor.name + " is null";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    model.axes.push_back({spell(tensor.shape[i]), spell(tensor.strides[i])});
  }
  model.most = max_elements;
  model.is_too_large = tensor.name + " would have more than 2^40 elements";
  const bool is_optional = !tensor.scaled_by.empty() && tensor.role == Role::in;
  if (is_optional) model.scaled_by = cpp_name(tensor.scaled_by);
  if (tensor.by_pointers) {
    model.by_pointers = spell(*tensor.by_pointers);
    model.pointers = pointers_field(tensor);
    model.pointers_are_null = model.pointers + " is null";
  }
  return model;
}

}  // namespace tw
