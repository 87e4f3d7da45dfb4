// The C++ names that an op's words have in a header.
#pragma once
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// Returns the enum of a choice: "Layout".
std::string enum_of(const ChoiceSpec& choice);
// Returns the field for the array of a tensor that can be given by pointers: "a_pointers".
std::string pointers_field(const TensorSpec& tensor);
// Returns whether any tensor of the op can be given by pointers.
bool has_tensors_by_pointers(const OpSpec& op);
// Returns the arguments of the kernels that are numbers with a name, each name once. A header has a
// field for each.
std::vector<const ArgSpec*> named_numbers(const std::vector<const KernelSpec*>& kernels);
// Returns the fields of the op's type of arguments without an epilogue.
std::vector<std::string> field_names(const OpSpec& op);
// Returns the problem's choices as text: "layout=nt".
std::vector<std::string> choice_texts(const OpSpec& op, const Problem& problem);
// Throws Error if two of these are equal: the fields, the enums of the choices, and the types of
// arguments. Throws Error, too, if two values of a choice are equal, or two knobs of a kernel.
void check_names(const OpSpec& op, const std::vector<std::string>& types,
                 const std::vector<const KernelSpec*>& kernels);

}  // namespace tw
