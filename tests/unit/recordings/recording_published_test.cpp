// The public recordings of others, if a folder has them. Each one is read completely, and its
// optimum is the one that its authors state.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/formats/recording.h"
#include "devices/replay/replay.h"

namespace tw {
namespace {

struct Published {
  const char* file;
  std::size_t configurations;
  std::size_t failed;
  double optimum_ms;
};

class RecordingPublished : public testing::TestWithParam<Published> {};

TEST_P(RecordingPublished, HasItsConfigurationsAndItsOptimum) {
  const Published& wanted = GetParam();
  const Recording r = read_recording(std::string(TILEWRIGHT_RECORDINGS) + "/" + wanted.file);
  EXPECT_EQ(r.trials.size(), wanted.configurations);
  EXPECT_EQ(space_of(r).size(), wanted.configurations);
  double best_ns = std::numeric_limits<double>::infinity();
  std::size_t failed = 0;
  for (const RecordedTrial& trial : r.trials) {
    if (trial.measurement.outcome != Outcome::ok) {
      ++failed;
    } else {
      best_ns = std::min(best_ns, trial.value_ns);
    }
  }
  EXPECT_EQ(failed, wanted.failed);
  EXPECT_NEAR(best_ns, wanted.optimum_ms * 1e6, 0.5);

  const auto device = open_replay({r});
  std::uint64_t id = 0;
  for (const RecordedTrial& trial : r.trials) {
    Job job;
    job.id = ++id;
    job.configuration = text_of(r.knobs, trial.configuration);
    device->submit(std::move(job));
    const std::vector<Finished> finished = device->wait({});
    ASSERT_EQ(finished.size(), 1u);
    ASSERT_EQ(finished[0].measurement.outcome, trial.measurement.outcome);
    ASSERT_EQ(finished[0].measurement.samples_ns, trial.measurement.samples_ns);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, RecordingPublished,
    testing::Values(Published{"gemm_clblast.RTX_3090.kernel_tuner.json.gz", 17956, 0, 5.657844},
                    Published{"gemm_clblast.RTX_2080_Ti.kernel_tuner.json.gz", 17956, 0, 11.482779},
                    Published{"convolution.A100.t4.json.gz", 4362, 161, 0.553600},
                    Published{"convolution.A4000.t4.json.gz", 4362, 161, 1.021172},
                    Published{"convolution.W7800.t4.json.gz", 4362, 116, 0.816142}));

}  // namespace
}  // namespace tw
