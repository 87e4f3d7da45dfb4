// T1 inputs: search spaces as others write them, JSON with Python's expressions.
#pragma once
#include "spec.h"

namespace tw {

// The knobs and constraints of a T1 file's ConfigurationSpace. A value that is no integer, boolean
// or text, and what python_expr.h does not know, is an Error that names the file and the place.
BareSpace parse_t1(const std::string& json, const std::string& path);

}  // namespace tw
