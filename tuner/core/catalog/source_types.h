// Compares the types of a spec with those in a user's source: the arguments of launches with the
// parameters of kernels, and constants with their symbols.
#pragma once
#include "core/base/texts.h"
#include "core/spec/spec.h"
#include "core/text/toml_file.h"

namespace tw {

// Fails at the `args` of a launch if an argument has another type than the kernel's parameter: a
// tensor of doubles for a float*. The compiled kernel would take the bytes as they are. Says
// nothing where the source alone does not tell: of a type of the source's own, of a kernel that is
// declared twice, and of bytes, which may hold anything. Fails likewise at a [[constant]] whose
// symbol has elements of another type.
void check_source_types(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel,
                        const Texts& closure);

}  // namespace tw
