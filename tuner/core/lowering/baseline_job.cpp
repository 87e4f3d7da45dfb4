#include "core/lowering/baseline_job.h"

#include <algorithm>

#include "core/lowering/lowering.h"
#include "core/lowering/lowering_parts.h"

namespace tw {

Job baseline_job(const Catalog& catalog, const Problem& problem, const DeviceInfo& device,
                 const BaselineSpec& baseline) {
  const OpSpec& op = catalog.at(problem.op).op;
  const bool takes_epilogue =
      std::any_of(baseline.args.begin(), baseline.args.end(),
                  [](const auto& arg) { return arg.second.kind == ArgSpec::Kind::epilogue; });
  Problem computed = problem;
  if (!takes_epilogue) computed.epilogue.steps.clear();
  Job job;
  job.purpose = Purpose::baseline;
  job.problem = problem.key(op);
  job.kernel = baseline.library;
  job.math = problem.math;
  job.without_epilogue = !takes_epilogue && !problem.epilogue.steps.empty();
  job.plan.problem = lower_problem(catalog, computed, device);
  job.baseline = baseline;
  job.baseline_args =
      lower_baseline_args(op, computed, device, baseline, job.plan.problem->tensors);
  return job;
}

}  // namespace tw
