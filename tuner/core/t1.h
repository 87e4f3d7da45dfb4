// T1 inputs: search spaces and kernels as others write them, JSON with Python's expressions.
#pragma once
#include "spec.h"

namespace tw {

// The knobs and constraints of a T1 file's ConfigurationSpace; a parameter's Default comes first
// among its values. A value that is no integer, boolean or text, and what python_expr.h does not
// know, is an Error that names the file and the place.
BareSpace parse_t1(const std::string& json, const std::string& path);

// The same and the KernelSpecification, as specs in our own format (docs/search_spaces.md):
// "op.toml" and "<kernel>.toml". Throws Error, as above, for what they cannot say.
Texts t1_specs(const std::string& json, const std::string& path);

}  // namespace tw
