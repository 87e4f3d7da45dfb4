// Trials are stored and read back exactly and completely, from any number of writers, however a
// process ends.
#include <signal.h>
#include <sys/wait.h>

#include <cmath>
#include <set>
#include <string>
#include <thread>

#include "unit/db/fixture.h"

namespace tw {
namespace {

using DbStore = DbTest;

TEST_F(DbStore, ATrialComesBackAsItWasGiven) {
  Measurement measurement;
  measurement.samples_ns = {1.0 / 3, 5657843.999999999, 1e300, 5e-324, 7};
  measurement.compile_ms = 0.1;
  measurement.registers = 128;
  measurement.spill_bytes = 8;
  measurement.smem_bytes = std::int64_t{1} << 40;
  measurement.blocks_per_sm = 2;
  measurement.error_ulps = 0.75;
  measurement.timer = "cupti";
  measurement.metrics = {{"stopped_early", 1}, {"odd \"name\"", 1.0 / 3}};
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  const std::int64_t id = db.append(run, TrialKind::search, context(), "block_m=64", measurement);

  const std::vector<Trial> trials = store().trials({});
  ASSERT_EQ(trials.size(), 1u);
  const Trial& trial = trials[0];
  EXPECT_EQ(trial.id, id);
  EXPECT_EQ(trial.run, run);
  EXPECT_EQ(trial.created.size(), std::string("2025-01-01T00:00:00.000Z").size());
  EXPECT_EQ(trial.kind, TrialKind::search);
  EXPECT_EQ(trial.configuration, "block_m=64");
  EXPECT_EQ(trial.context.situation.problem, context().situation.problem);
  EXPECT_EQ(trial.context.situation.toolchain, context().situation.toolchain);
  EXPECT_EQ(trial.context.situation.source, Source::measured);
  EXPECT_EQ(trial.measurement.samples_ns, measurement.samples_ns);
  EXPECT_EQ(trial.measurement.compile_ms, measurement.compile_ms);
  EXPECT_EQ(trial.measurement.registers, 128);
  EXPECT_EQ(trial.measurement.spill_bytes, 8);
  EXPECT_EQ(trial.measurement.smem_bytes, measurement.smem_bytes);
  EXPECT_EQ(trial.measurement.blocks_per_sm, 2);
  EXPECT_EQ(trial.measurement.error_ulps, 0.75);
  EXPECT_EQ(trial.measurement.timer, "cupti");
  EXPECT_EQ(trial.measurement.metrics, measurement.metrics);
}

TEST_F(DbStore, FailuresKeepTheirReasonWhateverItsBytes) {
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  const std::string note = "ptxas: 'x' \"y\"; DROP TABLE trial; \xff\xfe";
  db.append(run, TrialKind::search, context(), "a=1", failed(Outcome::compile_failed, note));
  const std::vector<Trial> trials = db.trials({});
  ASSERT_EQ(trials.size(), 1u);
  EXPECT_EQ(trials[0].measurement.outcome, Outcome::compile_failed);
  EXPECT_EQ(trials[0].measurement.note, note);
  EXPECT_TRUE(trials[0].measurement.samples_ns.empty());
}

TEST_F(DbStore, ASampleThatIsNoNumberIsRefused) {
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  EXPECT_THROW(db.append(run, TrialKind::search, context(), "a=1", ok(std::nan(""))), Error);
  EXPECT_TRUE(db.trials({}).empty());
}

TEST_F(DbStore, KnownAreTheLatestSearchTrialsOfExactlyThisContext) {
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  db.append(run, TrialKind::search, context(), "a=1", ok(100));
  db.append(run, TrialKind::search, context(), "a=2", failed(Outcome::timed_out, "10 s"));
  db.append(run, TrialKind::search, context(), "a=1", ok(120));  // --fresh
  db.append_race(run, {{context(), "a=1", ok(90)}}, 1);
  db.append(run, TrialKind::baseline, context("cublas"), "", ok(80));
  // Each of these differs in one thing that a time depends on.
  for (int field = 0; field < 11; ++field) {
    Context other = context();
    if (field == 0) other.situation.problem += " beta=1";
    if (field == 1) other.code.kernel = "mma";
    if (field == 2) other.code.source_digest = "d2";
    if (field == 3) other.situation.device_model = "NVIDIA H100";
    if (field == 4) other.situation.device_limits = "cc=90 sms=114";
    if (field == 5) other.situation.driver = "590";
    if (field == 6) other.situation.toolchain = "NVRTC 13.1";
    if (field == 7) other.situation.protocol = protocol_version + 1;
    if (field == 8) other.situation.l2 = L2::warm;
    if (field == 9) other.situation.source = Source::imported;
    if (field == 10) other.code.verdict_digest = "v2";
    db.append(run, TrialKind::search, other, "a=9", ok(1));
  }
  const std::vector<Trial> known = db.known(context());
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].configuration, "a=2");
  EXPECT_EQ(known[0].measurement.outcome, Outcome::timed_out);
  EXPECT_EQ(known[1].configuration, "a=1");
  EXPECT_EQ(known[1].measurement.median_ns(), 120);
  Context unknown = context();
  unknown.situation.op = "conv2d";
  EXPECT_TRUE(db.known(unknown).empty());
}

// The constants are no key: rows of earlier versions lack them.
TEST_F(DbStore, KeepsTheConstantsOfAChain) {
  Store db = store();
  Context with = context();
  with.situation.epilogue = "bias_column,clamp(-1,0.5)";
  db.append(db.begin_run(run_info()), TrialKind::search, with, "a=1", ok(100));
  ASSERT_EQ(db.winners({}).size(), 1u);
  EXPECT_EQ(db.trials({})[0].context.code.verdict_digest, with.code.verdict_digest);
  Context other = context();
  other.code.verdict_digest = "v2";
  other.situation.epilogue = with.situation.epilogue;
  db.append(db.begin_run(run_info()), TrialKind::search, other, "a=1", ok(90));
  EXPECT_EQ(db.winners({})[0].trial.context.situation.epilogue, with.situation.epilogue);
  with.situation.epilogue.clear();
  EXPECT_EQ(db.known(with).size(), 1u);
}

TEST_F(DbStore, FiltersAndLimits) {
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  Context larger = context("mma");
  larger.situation.problem = "gemm f32 m=128,n=64,k=64";
  larger.situation.device_model = "NVIDIA A100";
  db.append(run, TrialKind::search, context(), "a=1", ok(100));
  db.append(run, TrialKind::search, context(), "a=2", failed(Outcome::faulted, "illegal address"));
  db.append(run, TrialKind::search, larger, "b=1", ok(50));
  const auto configurations = [&](const Filter& filter) {
    std::vector<std::string> names;
    for (const Trial& trial : db.trials(filter)) names.push_back(trial.configuration);
    return names;
  };
  using Names = std::vector<std::string>;
  Filter filter;
  EXPECT_EQ(configurations(filter), (Names{"b=1", "a=2", "a=1"}));
  filter.limit = 2;
  EXPECT_EQ(configurations(filter), (Names{"b=1", "a=2"}));
  filter = {.problem = "m=128"};
  EXPECT_EQ(configurations(filter), Names{"b=1"});
  filter = {.device = "H200", .outcome = Outcome::ok};
  EXPECT_EQ(configurations(filter), Names{"a=1"});
  filter = {.kernel = "simt"};
  EXPECT_EQ(configurations(filter), (Names{"a=2", "a=1"}));
  filter = {.op = "gem"};
  EXPECT_EQ(configurations(filter), Names{});
  filter = {.problem = "' OR 1=1 --"};
  EXPECT_EQ(configurations(filter), Names{});
}

TEST_F(DbStore, EightWritersLoseNothing) {
  constexpr int writers = 8, each = 100;
  std::vector<std::thread> threads;
  std::vector<std::string> failures(writers);
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      try {
        Store db = store();  // the threads also race to create it
        const std::int64_t run = db.begin_run(run_info());
        for (int i = 0; i < each; ++i) {
          db.append(run, TrialKind::search, context(), "w=" + std::to_string(writer * each + i),
                    ok(100 + i));
        }
        db.end_run(run, RunEnd::finished);
      } catch (const std::exception& error) {
        failures[static_cast<std::size_t>(writer)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
  std::set<std::string> seen;
  for (const Trial& trial : store().known(context())) seen.insert(trial.configuration);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(writers * each));
}

TEST_F(DbStore, WhatWasReportedSurvivesAKill) {
  store();
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Store db = store();
      const std::int64_t run = db.begin_run(run_info());
      for (;;) {
        const std::int64_t id = db.append(run, TrialKind::search, context(), "a=1", ok(100));
        if (write(ends[1], &id, sizeof id) != sizeof id) _exit(1);
      }
    }
    close(ends[1]);
    std::int64_t id = 0, last = 0;
    for (int i = 0; i < 50 + 17 * round; ++i) {
      ASSERT_EQ(read(ends[0], &id, sizeof id), static_cast<ssize_t>(sizeof id));
      last = id;
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &id, sizeof id) == sizeof id) last = id;  // reported before it died
    close(ends[0]);

    std::set<std::int64_t> ids;
    for (const Trial& trial : Store::open(path(), Store::Mode::read_only).trials({})) {
      ids.insert(trial.id);
    }
    for (std::int64_t wanted = 1; wanted <= last; ++wanted) ASSERT_TRUE(ids.count(wanted));
  }
}

TEST_F(DbStore, RunsSayHowTheyEnded) {
  Store db = store();
  const std::int64_t first = db.begin_run(run_info());
  const std::int64_t second = db.begin_run(run_info());
  EXPECT_LT(first, second);
  db.end_run(first, RunEnd::interrupted);
  EXPECT_THROW(db.append(second + 1, TrialKind::search, context(), "a=1", ok(1)), Error)
      << "a trial needs its run";
}

TEST_F(DbStore, LimitsAreCanonicalAndForgiveTheDriversShareOfTheMemory) {
  DeviceInfo device = emulated_device(90);
  device.memory_bytes = 150'000'000'000;
  const std::string text = device_limits_of(device);
  EXPECT_NE(text.find("cc=90"), std::string::npos) << text;
  EXPECT_NE(text.find("memory_gib=140"), std::string::npos) << text;
  device.memory_bytes += 100'000'000;
  EXPECT_EQ(device_limits_of(device), text);
  device.smem_optin -= 1;
  EXPECT_NE(device_limits_of(device), text);
}

}  // namespace
}  // namespace tw
