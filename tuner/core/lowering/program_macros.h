// The macros of a program that is compiled as it is given.
#pragma once
#include <string>
#include <vector>

#include "core/plan/plan.h"

namespace tw {

// Return the `#define` lines of a program's macros, and the `#undef` lines that end them. The
// macros are not passed as -D, because -D would also change the compilers' own headers, whose
// templates have a T too. For the same reason the macros come after the system's headers that the
// source includes first, by itself or by its own headers.
std::string macros_begin(const Program& program);
std::string macros_end(const Program& program);
// Returns these headers: "<cmath>". They are included only once in any case.
std::vector<std::string> leading_headers(const Program& program);

}  // namespace tw
