// The static shared memory of a module. Blocks that take turns keep copies of it.
#pragma once
#include <cstddef>
#include <span>

#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// Returns the variables that are declared with `__shared__`, wherever the module declares them: the
// shim makes them the module's thread-local storage, which holds nothing else. Returns nothing as
// long as the module has touched none of them, and under AddressSanitizer, for which they are plain
// statics (g++ 12 misses overflows of thread-local variables).
std::span<std::byte> static_shared(const tw_cpu::Module& module);

}  // namespace tw::cpu
