// Kernels of others that include CUDA's headers and the standard ones, on a GPU. What they compute
// with them equals plain arithmetic (tests/data/own_headers/parts.cuh).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/toolkit.h"
#include "gpu_bench.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

SourceOptions options_of(const std::string& file, const std::string& results) {
  SourceOptions options;
  options.kernel.text = test_data("own_headers/") + file + ":check";
  options.knobs = {{"knob", "PLAIN=1,0"}, {"knob", "RESULTS=80"}};
  options.args = {{"arg", "u32[n]:in"}, {"arg", results + "[n][80]:out"}, {"arg", "n"}};
  options.sizes = {{"size", "n=4096"}};
  options.grid.text = "n/64";
  options.block.text = "64";
  return options;
}

// Runs the kernel with CUDA's functions. The results of plain arithmetic are the expected ones.
Measurement run_with_cudas(Device& device, const SourceOptions& options) {
  const Catalog catalog = Catalog::load_source(options, builtin_sources());
  const OpEntry& entry = catalog.ops().front();
  const KernelSpec& kernel = entry.kernels.front();
  ProblemText problem;
  problem.dtype = name_of(entry.op.dtypes.front());
  Lowering lowering(catalog, parse_problem(entry.op, problem), device.info());
  const auto configuration = [&](const char* text) {
    return configuration_from(kernel.knobs, text);
  };
  lowering.set_oracle(oracle_of(lowering.lower(kernel, configuration("PLAIN=1 RESULTS=80")).plan));
  Job job = job_for(catalog, entry.op.name, kernel.name, problem, "PLAIN=0 RESULTS=80", device);
  job.plan = lowering.lower(kernel, configuration("PLAIN=0 RESULTS=80")).plan;
  job.limits.max_samples = 5;
  return run(device, std::move(job));
}

class OwnHeaderSourcesOnGpu : public testing::TestWithParam<const char*> {};

TEST_P(OwnHeaderSourcesOnGpu, AgreeWithPlainArithmetic) {
  TW_NEEDS_GPU(device);
  const std::string file = GetParam();
  if (!toolkit_headers().exist() && file != "warp.cu" && file != "functions.cu") {
    GTEST_SKIP() << "the CUDA toolkit's headers are not here";
  }
  const Measurement measurement =
      run_with_cudas(*device, options_of(file, file == "functions.cu" ? "f32" : "u32"));
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_GE(measurement.error_ulps, 0) << "it was compared with nothing";
}

INSTANTIATE_TEST_SUITE_P(Gpu, OwnHeaderSourcesOnGpu,
                         testing::Values("fp16.cu", "bf16.cu", "groups.cu", "warp.cu",
                                         "integers.cu", "atomics.cu", "standard.cu", "cuda_std.cu",
                                         "functions.cu"),
                         [](const auto& name) {
                           const std::string file = name.param;
                           return file.substr(0, file.find('.'));
                         });

TEST(OwnHeadersOnGpu, AMissingHeaderEndsTheRun) {
  TW_NEEDS_GPU(device);
  SourceOptions options = options_of("missing.cu", "u32");
  try {
    run_with_cudas(*device, options);
    FAIL() << "it was measured without a header";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("missing.cu:2 includes <no/such.h>, which is "));
  }
}

}  // namespace
}  // namespace tw::test
