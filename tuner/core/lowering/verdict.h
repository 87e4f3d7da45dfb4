// The key of verdicts: everything that decides whether a configuration is right, besides the
// kernel's source and the configuration.
#pragma once
#include <string>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// Returns the digest of everything on which a verdict about a configuration of `kernel` depends,
// except what the other keys of a trial hold (the problem's key, KernelSpec::source_digest, device,
// toolchain):
// - what a worker gets of the problem (lower_problem): the tensors with their roles and layouts,
//   the constants of the epilogue, the tolerance, the reference with all its sources and arguments;
// - the values of dims, choices and scalars, because the problem's key leaves out the defaults;
// - the op's header, and whether knobs are macros or fields;
// - if there is no reference: the default configuration, whose results are the expected ones.
//
// The digest depends on nothing else: docs, comments in TOML, and the values of knobs do not change
// it. A new field of ProblemPlan that travels to a worker is part of the digest automatically.
// Anything else on which a verdict depends must be added in verdict.cpp. Throws Error as
// lower_problem() does.
std::string verdict_digest(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, const std::string& default_configuration);

}  // namespace tw
