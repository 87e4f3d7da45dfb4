// Recordings of others with all their oddities, and ours exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "unit/db/fixture.h"
#include "unit/recordings/recording_fixture.h"

namespace tw {
namespace {

// Finds a trial by its configuration's text. Fails the test with an exception if there is none.
const RecordedTrial& find(const Recording& recording, const std::string& configuration) {
  for (const RecordedTrial& trial : recording.trials) {
    if (text_of(recording.knobs, trial.configuration) == configuration) return trial;
  }
  throw Error("no " + configuration);
}

TEST(RecordingT4, ReadsOthersAsTheyAre) {
  const Recording r = read_recording(data("small.t4.json"));
  EXPECT_TRUE(r.foreign());
  EXPECT_EQ(r.name, "small");
  ASSERT_EQ(r.knobs.size(), 4u);
  EXPECT_EQ(r.knobs[0].name, "block_size_x") << "in the file's order";
  EXPECT_EQ(r.knobs[0].values, (std::vector<std::int64_t>{8, 16, 32}));
  EXPECT_EQ(r.knobs[1].words, (std::vector<std::string>{"0.5", "1"})) << "floats are words";
  EXPECT_EQ(r.knobs[2].words, (std::vector<std::string>{"row_major", "col_major", "col_major_"}));
  EXPECT_EQ(r.knobs[3].kind, Knob::Kind::boolean);

  ASSERT_EQ(r.trials.size(), 6u);
  const RecordedTrial& first = find(r, "block_size_x=32 unroll=0.5 layout=row_major shared=true");
  EXPECT_EQ(first.measurement.outcome, Outcome::ok);
  EXPECT_EQ(first.value_ns, 3875327.9224038124) << "the digits of the file, six places on";
  EXPECT_EQ(first.measurement.samples_ns,
            (std::vector<double>{3976191.997528076, 3878911.9720458984, 3872767.925262451}));
  EXPECT_EQ(first.measurement.compile_ms, 918.5990339610726);
  EXPECT_EQ(first.measurement.metrics.at("GFLOP/s"), 812.5);
  EXPECT_EQ(first.timestamp, "2023-12-22 09:54:05.502007+00:00");

  const RecordedTrial& broken = find(r, "block_size_x=16 unroll=0.5 layout=row_major shared=false");
  EXPECT_EQ(broken.measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(broken.measurement.note, "recorded as RuntimeFailedConfig");
  EXPECT_EQ(broken.measurement.compile_ms, 3055.9) << "the other spelling";
  EXPECT_TRUE(broken.measurement.samples_ns.empty());
  EXPECT_EQ(broken.value_ns, 0);

  EXPECT_EQ(r.trials[2].measurement.outcome, Outcome::compile_failed);
  EXPECT_EQ(r.trials[3].value_ns, 375'000) << "without a measurement: the mean of the runtimes";
  EXPECT_EQ(r.trials[4].measurement.outcome, Outcome::timed_out);
  EXPECT_EQ(r.trials[5].measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(r.trials[5].measurement.note, "recorded as correctness");
}

TEST(RecordingT4, OtherUnits) {
  const auto value_ns = [](const std::string& unit) {
    return parse_recording(R"({"metadata":{"timeunit":")" + unit + R"("},"results":[
        {"configuration":{"a":1},"times":{"runtimes":[2]},"invalidity":"correct"}]})",
                           "x")
        .trials[0]
        .value_ns;
  };
  EXPECT_EQ(value_ns("s"), 2e9);
  EXPECT_EQ(value_ns("microseconds"), 2e3);
  EXPECT_EQ(value_ns("ns"), 2);
  EXPECT_THROW(value_ns("fortnights"), Error);
}

TEST(RecordingKernelTuner, ReadsACache) {
  const Recording r = read_recording(data("small.kernel_tuner.json"));
  EXPECT_TRUE(r.foreign());
  EXPECT_EQ(r.name, "Xgemm");
  EXPECT_EQ(r.device.model, "NVIDIA GeForce RTX 3090");
  ASSERT_EQ(r.knobs.size(), 3u);
  EXPECT_EQ(r.knobs[0].name, "NWG");
  EXPECT_EQ(r.knobs[0].values, (std::vector<std::int64_t>{16, 32, 8})) << "as the file lists them";
  ASSERT_EQ(r.trials.size(), 6u);
  const RecordedTrial& best = find(r, "NWG=16 MWG=16 STRM=0");
  EXPECT_EQ(best.value_ns, 5657843.999999999);
  EXPECT_EQ(best.measurement.samples_ns, (std::vector<double>{5657843.999999998, 5657844}));
  EXPECT_EQ(best.measurement.compile_ms, 2.872779034078121);
  EXPECT_EQ(best.measurement.metrics, (std::map<std::string, double>{{"GFLOP/s", 2258.069}}));
  EXPECT_EQ(find(r, "NWG=16 MWG=64 STRM=0").measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(find(r, "NWG=32 MWG=16 STRM=0").measurement.outcome, Outcome::compile_failed);
  EXPECT_EQ(find(r, "NWG=32 MWG=64 STRM=0").measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(find(r, "NWG=8 MWG=16 STRM=0").measurement.note, "recorded as InvalidConfig");
  const RecordedTrial& terse = find(r, "NWG=8 MWG=64 STRM=0");
  EXPECT_EQ(terse.measurement.samples_ns, std::vector<double>{500'000}) << "values from the key";
}

TEST(RecordingKernelTuner, ReadsACacheThatWasNotFinished) {
  const std::string text = text_of_file(data("small.kernel_tuner.json"));
  const std::size_t last = text.find("\"8,64,0\"");
  EXPECT_EQ(parse_recording(text.substr(0, last), "x").trials.size(), 4u);
  EXPECT_EQ(parse_recording(text.substr(0, last + 20), "x").trials.size(), 4u) << "within an entry";
}

TEST(Recording, ItsSpaceIsWhatWasRecorded) {
  const Recording r = read_recording(data("small.kernel_tuner.json"));
  const SearchSpace space = space_of(r);
  EXPECT_EQ(space.size(), r.trials.size());
  for (const RecordedTrial& trial : r.trials) EXPECT_TRUE(space.find(trial.configuration));
  EXPECT_FALSE(space.find(std::vector<std::int64_t>{16, 16, 1}));
}

TEST(Recording, TheLastRowOfAConfigurationCounts) {
  const auto row = [](int a, int ms) {
    return R"({"configuration":{"a":)" + std::to_string(a) + R"(},"times":{"runtimes":[)" +
           std::to_string(ms) + R"(]},"invalidity":"correct"})";
  };
  const Recording r = parse_recording(
      R"({"results":[)" + row(1, 5) + "," + row(2, 6) + "," + row(1, 7) + "]}", "x");
  ASSERT_EQ(r.trials.size(), 2u);
  EXPECT_EQ(find(r, "a=1").value_ns, 7e6);
}

void expect_equal(const Recording& a, const Recording& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(a.problem, b.problem);
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.source_digest, b.source_digest);
  EXPECT_EQ(a.verdict_digest, b.verdict_digest);
  EXPECT_EQ(a.space_digest, b.space_digest);
  EXPECT_EQ(a.driver, b.driver);
  EXPECT_EQ(a.toolchain, b.toolchain);
  EXPECT_EQ(a.commit, b.commit);
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.l2, b.l2);
  EXPECT_EQ(a.device.model, b.device.model);
  EXPECT_EQ(a.device.kind, b.device.kind);
  EXPECT_EQ(device_values(a.device), device_values(b.device));
  EXPECT_EQ(a.device.sm_clock_mhz, b.device.sm_clock_mhz);
  EXPECT_EQ(a.device.memory_bandwidth, b.device.memory_bandwidth);
  ASSERT_EQ(a.knobs.size(), b.knobs.size());
  for (std::size_t i = 0; i < a.knobs.size(); ++i) {
    EXPECT_EQ(a.knobs[i].kind, b.knobs[i].kind);
    EXPECT_EQ(a.knobs[i].name, b.knobs[i].name);
    EXPECT_EQ(a.knobs[i].doc, b.knobs[i].doc);
    EXPECT_EQ(a.knobs[i].values, b.knobs[i].values);
    EXPECT_EQ(a.knobs[i].words, b.knobs[i].words);
  }
  ASSERT_EQ(a.trials.size(), b.trials.size());
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    const Measurement &x = a.trials[i].measurement, &y = b.trials[i].measurement;
    EXPECT_EQ(a.trials[i].configuration, b.trials[i].configuration);
    EXPECT_EQ(a.trials[i].value_ns, b.trials[i].value_ns);
    EXPECT_EQ(a.trials[i].timestamp, b.trials[i].timestamp);
    EXPECT_EQ(x.outcome, y.outcome);
    EXPECT_EQ(x.note, y.note);
    EXPECT_EQ(x.samples_ns, y.samples_ns);
    EXPECT_EQ(x.compile_ms, y.compile_ms);
    EXPECT_EQ(x.registers, y.registers);
    EXPECT_EQ(x.spill_bytes, y.spill_bytes);
    EXPECT_EQ(x.smem_bytes, y.smem_bytes);
    EXPECT_EQ(x.blocks_per_sm, y.blocks_per_sm);
    EXPECT_EQ(x.error_ulps, y.error_ulps);
    EXPECT_EQ(x.timer, y.timer);
    EXPECT_EQ(x.energy_mj, y.energy_mj);
    EXPECT_EQ(x.mean_power_w, y.mean_power_w);
    EXPECT_EQ(x.metrics, y.metrics);
  }
  ASSERT_EQ(a.baseline.has_value(), b.baseline.has_value());
  if (!a.baseline) return;
  EXPECT_EQ(a.baseline->name, b.baseline->name);
  EXPECT_EQ(a.baseline->version, b.baseline->version);
  EXPECT_EQ(a.baseline->samples_ns, b.baseline->samples_ns);
  EXPECT_EQ(a.baseline->energy_mj, b.baseline->energy_mj);
  EXPECT_EQ(a.baseline->mean_power_w, b.baseline->mean_power_w);
}

TEST(RecordingOurs, ComesBackExactly) {
  const TemporaryFolder folder;
  for (const char* name : {"a.t4.json", "a.t4.json.gz"}) {
    write_recording(ours(), folder / name);
    expect_equal(read_recording(folder / name), ours());
  }
  EXPECT_LT(std::filesystem::file_size(folder / "a.t4.json.gz"),
            std::filesystem::file_size(folder / "a.t4.json"));
  const std::filesystem::directory_iterator files(folder / "");
  EXPECT_EQ(std::distance(begin(files), end(files)), 2) << "no temporary file stays";
}

TEST(Recording, OthersComeBackExactlyThroughT4) {
  for (const char* name : {"small.t4.json", "small.kernel_tuner.json"}) {
    const Recording once = read_recording(data(name));
    expect_equal(parse_recording(recording_text(once), name), once);
  }
}

TEST(RecordingOurs, EveryDoubleIsKept) {
  std::mt19937_64 random(7);
  Recording r = ours();
  std::vector<double>& samples = r.trials[0].measurement.samples_ns;
  for (int i = 0; i < 2000; ++i) {
    samples.push_back(
        std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 60) - 50));
    samples.push_back(static_cast<double>(random() % 100'000'000));
    samples.push_back(static_cast<double>(static_cast<float>(random() % 100'000) * 1e-3f));
  }
  expect_equal(parse_recording(recording_text(r), "x"), r);
}

TEST(RecordingOurs, OrdinaryTimesAreT4AndNothingElse) {
  Recording r = ours();
  r.trials[0].measurement.samples_ns = {5657844, 31, 123456789.5};
  r.trials[0].value_ns = 5657844;
  const std::string text = recording_text(r);
  EXPECT_NE(text.find("\"runtimes\":[5.657844,3.1e-05,123.4567895]"), text.npos) << text;
  const std::size_t results = text.find("\"results\"");
  EXPECT_EQ(text.find("samples_ns", results), text.npos);
  EXPECT_EQ(text.find("value_ns", results), text.npos);
}

TEST(RecordingOurs, AFolderThatCannotBeWrittenSaysSo) {
  EXPECT_THROW(write_recording(ours(), "/nonexistent/folder/a.t4.json"), Error);
}

TEST(RecordingOurs, WhatItsMetadataDoesNotListIsRefused) {
  const std::string text = recording_text(ours());
  const auto with = [&](const std::string& old_part, const std::string& new_part) {
    std::string changed = text;
    const std::size_t at = changed.rfind(old_part);
    EXPECT_NE(at, changed.npos);
    return refusal(changed.replace(at, old_part.size(), new_part));
  };
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(with("\"block_m\":32", "\"block_m\":33"),
            "results[2].configuration.block_m = 33: is no value that the metadata lists");
  EXPECT_EQ(with("\"raster\":\"along_m\"", "\"raster\":\"diagonal\""),
            "results[2].configuration.raster = \"diagonal\": is no value that the metadata lists");
  EXPECT_EQ(with("\"version\":1,", "\"version\":2,"),
            "metadata.tilewright: was written by a newer tilewright: upgrade tilewright, or record "
            "it again");
}

}  // namespace
}  // namespace tw
