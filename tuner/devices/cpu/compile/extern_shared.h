// Dynamic shared memory as CUDA's authors declare it.
#pragma once
#include <string>

namespace tw::cpu {

// Returns the source with each `extern __shared__ float tile[];` replaced by what means the same on
// this device: a pointer in a function, and a macro at namespace scope, where nothing may run. Lines
// keep their numbers; `path` is the name by which the compiler knows the source.
std::string with_dynamic_shared(const std::string& source, const std::string& path);

}  // namespace tw::cpu
