// The files of emit/emitted, and the files of tuner/core that they include, as text.
#pragma once
#include "emit/header/model.h"

namespace tw::header {

// Returns the shared parts of the dispatch, by their path in an emitted folder:
// "dispatch/limits.h". The build embeds them.
const Texts& emitted_parts();
// Return the lines that <op>.h and <op>.cuh contain of functions.h and functions.cuh.
const std::string& declared_functions();
const std::string& defined_functions();

}  // namespace tw::header
