// The complete recordings in the repository, compared with what the kernels' models prove.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/formats/recording.h"
#include "core/model/time_model.h"
#include "core/spec/spec.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

// Returns the kernel of a recording if it has a model.
const KernelSpec* modelled_kernel(const OpEntry& entry, const Recording& recording) {
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name == recording.kernel && kernel.model) return &kernel;
  }
  return nullptr;
}

struct Proven {
  double most = 0;   // least time / measured time
  double share = 0;  // part of the space slower than the optimum
};

// Returns the configuration with all knobs of today. A knob that is newer than the recording has
// its default, which is what the kernel did before.
Configuration now(const KernelSpec& kernel, const Recording& recording,
                  const RecordedTrial& trial) {
  Configuration configuration;
  for (const Knob& knob : kernel.knobs) {
    const auto is_it = [&](const Knob& one) { return one.name == knob.name; };
    const auto at = std::find_if(recording.knobs.begin(), recording.knobs.end(), is_it);
    configuration.push_back(
        at == recording.knobs.end()
            ? knob.values.front()
            : trial.configuration[static_cast<std::size_t>(at - recording.knobs.begin())]);
  }
  return configuration;
}

std::optional<Proven> proven_of(const Catalog& catalog, const Recording& recording) {
  const OpEntry& entry = catalog.at(recording.op);
  const KernelSpec* kernel = modelled_kernel(entry, recording);
  if (!kernel) return std::nullopt;
  EXPECT_GE(kernel->knobs.size(), recording.knobs.size()) << recording.path;
  TimeModel model(entry.op, *kernel, problem_from_key(entry.op, recording.problem),
                  recording.device);
  double optimum_ns = std::numeric_limits<double>::infinity();
  for (const RecordedTrial& trial : recording.trials) {
    if (trial.value_ns > 0) optimum_ns = std::min(optimum_ns, trial.value_ns);
  }
  Proven proven;
  for (const RecordedTrial& trial : recording.trials) {
    const double least_ns = model.least_time(now(*kernel, recording, trial)).ns;
    if (trial.value_ns > 0) proven.most = std::max(proven.most, least_ns / trial.value_ns);
    if (least_ns > optimum_ns) proven.share += 1.0 / static_cast<double>(recording.trials.size());
  }
  return proven;
}

TEST(RecordingShipped, NothingIsFasterThanItsModelProves) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  std::map<std::string, Proven> proven;
  for (const auto& file : fs::recursive_directory_iterator(source_path("reports/published"))) {
    if (!file.path().string().ends_with(".t4.json.gz")) continue;
    const auto its = proven_of(catalog, read_recording(file.path().string()));
    if (its) proven[file.path().filename().string()] = *its;
  }
  ASSERT_GE(proven.size(), 11u);
  for (const auto& [name, its] : proven) EXPECT_LE(its.most, 1) << name;
  // docs/search.md states this share.
  EXPECT_GE(proven.at("gemm.mma.bf16.t4.json.gz").share, 0.7);
  EXPECT_GE(proven.at("gemm.wgmma.bf16.t4.json.gz").share, 0.5);
  EXPECT_GE(proven.at("conv2d.direct.bf16.t4.json.gz").share, 0.1);
}

}  // namespace
}  // namespace tw
