// Makes the jobs of baselines.
#pragma once
#include "core/catalog/catalog.h"
#include "core/plan/job.h"

namespace tw {

// Returns a job that times a call of a library. Its plan has the tensors and the reference, so that
// a worker can allocate and verify, and no launches. If the arguments of the baseline do not
// include `epilogue`, the baseline computes without the problem's chain, and so does the plan.
// Throws Error if an argument has no value.
Job baseline_job(const Catalog& catalog, const Problem& problem, const DeviceInfo& device,
                 const BaselineSpec& baseline);

}  // namespace tw
