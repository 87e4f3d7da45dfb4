// Every field of DeviceInfo and of Measurement comes through each format that is made from its
// table. (A member that is in no table does not compile: static_assert beside the table.)
#include "core/formats/recording.h"
#include "core/plan/job.h"
#include "core/plan/measurement_fields.h"
#include "core/types/device_info_fields.h"
#include "unit/support/filled_record.h"

namespace tw {
namespace {

struct Three {
  int a = 0;
  std::string b;
  std::map<std::string, double> c;
  bool operator==(const Three&) const = default;
};

TEST(Fields, CountsTheMembersOfARecord) {
  static_assert(member_count<Three>() == 3);
  static_assert(names_of(measurement_text_fields).size() == 2);
}

TEST(Fields, MeasurementComesThroughAMessage) {
  Finished finished;
  fill(finished.measurement, measurement_fields, 10);
  expect_equal_fields(parse_finished(serialise(finished)).measurement, finished.measurement,
                      measurement_fields);
}

TEST(Fields, DeviceAndMeasurementComeThroughARecording) {
  Recording recording;
  recording.op = "gemm";
  recording.knobs = {{Knob::Kind::integer, "a", "", {1}, {}}};
  fill(recording.device, device_fields, 10);
  RecordedTrial& trial = recording.trials.emplace_back();
  trial.configuration = {1};
  fill(trial.measurement, measurement_fields, 40);
  const Recording back = parse_recording(recording_text(recording), "x.t4.json");
  expect_equal_fields(back.device, recording.device, device_fields);
  expect_equal_fields(back.trials.at(0).measurement, trial.measurement, measurement_fields);
}

// They are the words of expressions and of stored contexts.
TEST(Fields, LimitsHaveTheirNamesAndOrder) {
  const std::vector<std::string> names{"cc",
                                       "sms",
                                       "smem_optin",
                                       "smem_per_sm",
                                       "regs_per_sm",
                                       "threads_per_sm",
                                       "blocks_per_sm",
                                       "max_threads",
                                       "l2_bytes",
                                       "memory_bytes"};
  EXPECT_EQ(device_names(), names);
  DeviceInfo device;
  fill(device, device_limit_fields, 1);
  EXPECT_EQ(device_values(device), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

}  // namespace
}  // namespace tw
