// Kernels with macros: what a header can hold of them.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Returns why no header can hold the kernel; empty if one can. A kernel without macros always can.
std::string given_fault(const KernelSpec& kernel);
// Returns the dims that give an array of the source its size ([[constant]]) and that no launch of
// the kernel reads, as indices in the op's dims. The source fixes them. A dim with a `max` of its
// own is none of them: the op says which values it may have.
std::vector<std::size_t> constant_dims(const OpSpec& op, const KernelSpec& kernel);
// Returns the dims whose values the kernel's code contains, as indices in the op's dims; those of
// constant_dims too. Code that was compiled for a problem serves only problems with the same
// values.
std::vector<std::size_t> compiled_dims(const Catalog& catalog, const KernelSpec& kernel);
// Returns whether the code of the branch serves the problem: it has the dims that are compiled in.
bool has_code_for(const Catalog& catalog, const Branch& branch, const Problem& problem);

}  // namespace tw
