// The replay device always gives the recorded answers, and says what it does not know.
#include "devices/replay/replay.h"

#include <gtest/gtest.h>

#include <set>

namespace tw {
namespace {

Recording recording() {
  Recording r;
  r.path = "x.t4.json";
  r.name = "simt";
  r.op = "gemm";
  r.problem = "gemm f32 m=64,n=64,k=64";
  r.kernel = "simt";
  r.source_digest = "0123456789abcdef";
  r.device.kind = DeviceKind::cuda;
  r.device.model = "NVIDIA H200";
  r.device.cc = 90;
  r.knobs = {{Knob::Kind::integer, "a", "", {1, 2}, {}}};
  RecordedTrial good;
  good.configuration = {1};
  good.measurement.timer = "cupti";
  good.measurement.registers = 40;
  for (int i = 0; i < 32; ++i) good.measurement.samples_ns.push_back(1000 + i);
  good.value_ns = 1015.5;
  RecordedTrial bad;
  bad.configuration = {2};
  bad.measurement.outcome = Outcome::timed_out;
  bad.measurement.note = "10 s";
  r.trials = {good, bad};
  r.baseline = {"cublas", "13.0", {900, 901}};
  return r;
}

Job job(const std::string& configuration, Purpose purpose = Purpose::measure) {
  Job job;
  job.id = 7;
  job.purpose = purpose;
  job.problem = recording().problem;
  job.kernel = "simt";
  job.configuration = configuration;
  return job;
}

Measurement ask(Device& device, Job job) {
  device.submit(std::move(job));
  const std::vector<Finished> finished = device.wait({});
  EXPECT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished.at(0).id, 7u);
  return finished.at(0).measurement;
}

TEST(Replay, AnswersWhatWasRecorded) {
  const auto device = open_replay({recording()});
  EXPECT_EQ(device->info().kind, DeviceKind::replay);
  EXPECT_EQ(device->info().model, "NVIDIA H200");
  EXPECT_EQ(device->info().cc, 90);
  const Measurement good = ask(*device, job("a=1"));
  EXPECT_EQ(good.outcome, Outcome::ok);
  EXPECT_EQ(good.samples_ns, recording().trials[0].measurement.samples_ns);
  EXPECT_EQ(good.registers, 40);
  EXPECT_EQ(good.timer, "replay");
  EXPECT_EQ(good.metrics.at("recorded_ns"), 1015.5);
  const Measurement bad = ask(*device, job("a=2"));
  EXPECT_EQ(bad.outcome, Outcome::timed_out);
  EXPECT_EQ(bad.note, "10 s");
  EXPECT_TRUE(ask(*device, job("a=1", Purpose::verify)).samples_ns.empty());
}

TEST(Replay, WhatWasNotRecordedFails) {
  const auto device = open_replay({recording()});
  const auto note = [&](const Job& asked) {
    const Measurement answer = ask(*device, asked);
    EXPECT_EQ(answer.outcome, Outcome::launch_failed);
    return answer.note;
  };
  EXPECT_EQ(note(job("a=3")), "not in the recording");
  EXPECT_EQ(note(job("")), "not in the recording");
  Job other = job("a=1");
  other.kernel = "mma";
  EXPECT_EQ(note(other), "not in the recording: it holds the kernel simt");
  other = job("a=1");
  other.problem = "gemm f32 m=1,n=1,k=1";
  EXPECT_EQ(note(other), "not in the recording: it holds gemm f32 m=64,n=64,k=64");
}

TEST(Replay, TheBaselineIsTheRecordedOne) {
  const auto device = open_replay({recording()});
  Job baseline = job("", Purpose::baseline);
  baseline.kernel = "cublas";
  EXPECT_EQ(ask(*device, baseline).samples_ns, (std::vector<double>{900, 901}));
  baseline.kernel = "cudnn";
  EXPECT_EQ(ask(*device, baseline).outcome, Outcome::launch_failed);
}

TEST(Replay, RoofsGoByTheSameFormulaAsLiveOnes) {
  Recording old = recording();
  old.device.model = "NVIDIA H100 80GB HBM3";
  old.device.sms = 132;
  old.device.sm_clock_mhz = 1980;
  old.device.bf16_flops = 989e12;
  EXPECT_NEAR(open_replay({old})->info().bf16_flops, 1070.5e12, 0.05e12);
  old.device.model = "NVIDIA H100 Mini";  // unknown: the stored values stay
  EXPECT_EQ(open_replay({old})->info().bf16_flops, 989e12);
}

TEST(Replay, RaceRoundsGoThroughTheSamplesAndRepeatForASeed) {
  const auto race = [](std::uint64_t seed, int max_samples) {
    const auto device = open_replay({recording()});
    std::vector<double> all;
    for (int round = 0; round < 8; ++round) {
      Job next = job("a=1", Purpose::race_round);
      next.seed = seed;
      next.limits.max_samples = max_samples;
      for (const double sample : ask(*device, next).samples_ns) all.push_back(sample);
    }
    return all;
  };
  const std::vector<double> all = race(5, 50);
  EXPECT_EQ(all.size(), 32u);
  EXPECT_EQ(std::set<double>(all.begin(), all.end()).size(), 32u) << "each sample once";
  EXPECT_EQ(all, race(5, 50));
  EXPECT_NE(all, race(6, 50));
  EXPECT_EQ(race(5, 1).size(), 8u);
  const auto device = open_replay({recording()});
  EXPECT_EQ(ask(*device, job("a=2", Purpose::race_round)).outcome, Outcome::timed_out);
}

TEST(Replay, SeveralRecordingsAnswerEachForItsKernel) {
  Recording other = recording();
  other.kernel = other.name = "mma";
  other.trials[0].measurement.samples_ns = {500, 501};
  other.baseline->samples_ns = {902};
  const auto device = open_replay({recording(), other});
  Job mma = job("a=1");
  mma.kernel = "mma";
  EXPECT_EQ(ask(*device, mma).samples_ns, (std::vector<double>{500, 501}));
  EXPECT_EQ(ask(*device, job("a=1")).samples_ns.size(), 32u);
  Job baseline = job("", Purpose::baseline);
  baseline.kernel = "cublas";
  EXPECT_EQ(ask(*device, baseline).samples_ns, (std::vector<double>{900, 901}));
  mma.kernel = "wgmma";
  EXPECT_EQ(ask(*device, mma).outcome, Outcome::launch_failed);
}

TEST(Replay, AnotherProtocolIsANoticeOnce) {
  Recording old = recording();
  old.protocol = protocol_version + 1;
  const auto device = open_replay({old});
  EXPECT_EQ(device->notices().size(), 1u);
  EXPECT_TRUE(device->notices().empty());
  EXPECT_EQ(ask(*device, job("a=1")).outcome, Outcome::ok);
}

TEST(Replay, CancelDropsWhatWasNotFetched) {
  const auto device = open_replay({recording()});
  device->submit(job("a=1"));
  device->cancel();
  EXPECT_TRUE(device->wait({}).empty());
}

TEST(Replay, AForeignRecordingAnswersAnyProblem) {
  Recording foreign = recording();
  foreign.op = foreign.problem = foreign.kernel = foreign.source_digest = "";
  foreign.device = {};
  foreign.baseline.reset();
  const auto device = open_replay({foreign});
  EXPECT_EQ(device->info().model, "the device of simt");
  EXPECT_TRUE(device->notices().empty());
  Job any = job("a=1");
  any.problem = any.kernel = "";
  EXPECT_EQ(ask(*device, any).outcome, Outcome::ok);
}

TEST(Replay, AnswersWithTheRecordedEnergies) {
  EXPECT_FALSE(open_replay({recording()})->has_energy());
  Recording with = recording();
  with.trials.front().measurement.energy_mj = 12.5;
  with.trials.front().measurement.mean_power_w = 300;
  with.baseline->energy_mj = 14;
  const auto device = open_replay({with});
  EXPECT_TRUE(device->has_energy());
  EXPECT_EQ(ask(*device, job("a=1")).energy_mj, 12.5);
  EXPECT_EQ(ask(*device, job("a=1", Purpose::race_round)).mean_power_w, 300);
  Job baseline = job("", Purpose::baseline);
  baseline.kernel = "cublas";
  EXPECT_EQ(ask(*device, baseline).energy_mj, 14);
}

}  // namespace
}  // namespace tw
