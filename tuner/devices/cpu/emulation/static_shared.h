// The static shared memory of a module: variables of the process, of which blocks that take turns
// keep copies.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// The writable variables that functions of the module declare: what `__shared__` stands before. The
// symbol table of the module's file names them. Throws Error if there is none.
std::vector<std::span<std::byte>> static_shared(const tw_cpu::Module& module);

// Copies all the variables to one buffer, and back.
void save(const std::vector<std::span<std::byte>>& variables, std::vector<std::byte>& to);
void load(const std::vector<std::span<std::byte>>& variables, const std::vector<std::byte>& from);

}  // namespace tw::cpu
