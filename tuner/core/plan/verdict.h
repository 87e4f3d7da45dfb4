// The key of verdicts: what decides, besides a kernel's source and a configuration, whether the
// configuration is right.
#pragma once
#include <string>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

// The digest of all that a verdict on a configuration of `kernel` depends on and that the other keys
// of a trial do not hold (the problem's key, KernelSpec::source_digest, device, toolchain):
// - what a worker is told of the problem (lower_problem): the tensors with their roles and layouts,
//   the constants of the epilogue, the tolerance, the reference with all its sources and arguments;
// - the values of dims, choices and scalars, of which the problem's key leaves out the defaults;
// - the op's header, and whether knobs are macros or fields;
// - without a reference the default configuration, whose results are then the expected ones.
//
// Nothing else: docs, comments in TOML, and the values of knobs leave it as it is. A new field of
// Plan that a job carries to its worker is part of it at once (and a new version of the job's format
// is another digest); what a verdict depends on otherwise is added in verdict.cpp. Throws Error as
// lower() does.
std::string verdict_digest(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, const std::string& default_configuration);

}  // namespace tw
