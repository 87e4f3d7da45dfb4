#include "session/setup/calibration.h"

#include <memory>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/problem/problem.h"
#include "core/space/space.h"

namespace tw {

const Texts& calibration_files();  // the folder calibration/, embedded

namespace {

// The plans point into the catalog.
const Catalog& catalog() {
  static const Catalog loaded = [] {
    Texts spaces, sources = builtin_sources();
    for (const auto& [path, text] : calibration_files()) {
      (path.ends_with(".toml") ? spaces : sources).emplace(path, text);
    }
    return Catalog::load(spaces, std::move(sources), "calibration: ");
  }();
  return loaded;
}

Job job_of(const std::string& shape, const DeviceInfo& device) {
  const OpEntry& entry = catalog().ops().front();
  const KernelSpec& kernel = entry.kernels.front();
  const Problem problem = parse_problem(entry.op, {.shape = shape});
  Configuration defaults;
  for (const Knob& knob : kernel.knobs) defaults.push_back(knob.values.front());
  Job job;
  job.problem = problem.key(entry.op);
  job.kernel = kernel.name;
  job.configuration = text_of(kernel.knobs, defaults);
  job.plan = lower(catalog(), kernel, problem, device, defaults).plan;
  job.limits.min_samples = 20;
  job.limits.max_samples = 400;
  job.limits.max_ms = 1000;
  job.limits.relative_interval = 0.001;
  return job;
}

}  // namespace

std::vector<Job> calibration_jobs(const DeviceInfo& device) {
  // 256 MB in and out; 7e10 FLOPs
  return {job_of("elements=67108864,rounds=1", device),
          job_of("elements=4194304,rounds=8192", device)};
}

void calibrate(fleet::Fleet& fleet) {
  if (fleet.size() < 2 || fleet.info().kind != DeviceKind::cuda) return;
  fleet.calibrate(calibration_jobs(fleet.info()), most_deviation);
}

}  // namespace tw
