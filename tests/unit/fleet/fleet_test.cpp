// A fleet gives jobs to its workers, and survives workers that end, hang or talk nonsense.
#include "devices/fleet/deviation.h"
#include "devices/fleet/silence.h"
#include "unit/fleet/fixture.h"

namespace tw::fleet {
namespace {

TEST_F(FleetTest, EveryJobIsAnsweredOnceAndAllWorkersWork) {
  workers_.resize(3);
  EXPECT_EQ(open().capacity(), 6);
  EXPECT_EQ(fleet_->size(), 3);
  const auto answers = run(40);
  ASSERT_EQ(answers.size(), 40u);
  for (const auto& [configuration, measurement] : answers) {
    EXPECT_EQ(measurement.note, configuration);
  }
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(jobs_of(i), 0u);
    sum += jobs_of(i);
  }
  EXPECT_EQ(sum, 40u);
}

TEST_F(FleetTest, SaysHowBusyItsWorkersAre) {
  workers_.resize(2);
  for (ThreadWorker& worker : workers_) worker.behaviour.holds = true;
  open();
  EXPECT_EQ(fleet_->activity(), Activity{}) << "nobody has said anything yet";
  for (int i = 0; i < 4; ++i) fleet_->submit(job(i, Purpose::measure));
  const Activity busy{.compilers = 16, .measuring = 2, .measurers = 2};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (fleet_->activity() != busy && std::chrono::steady_clock::now() < deadline) {
    fleet_->wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
  }
  EXPECT_EQ(fleet_->activity(), busy);
  fleet_->cancel();
  EXPECT_EQ(fleet_->activity(), (Activity{.compilers = 16, .measurers = 2})) << "without jobs";
}

TEST_F(FleetTest, RacesStayOnOneWorker) {
  workers_.resize(3);
  open();
  for (const Purpose purpose : {Purpose::race_round, Purpose::counters, Purpose::baseline}) {
    run(12, purpose);
  }
  EXPECT_EQ(jobs_of(0), 36u);
  EXPECT_EQ(jobs_of(1) + jobs_of(2), 0u);
  EXPECT_TRUE(fleet_->has_counters());
}

TEST_F(FleetTest, EnergyNeedsAllWorkers) {
  workers_.resize(2);
  EXPECT_TRUE(open().has_energy());
  fleet_.reset();
  std::deque<ThreadWorker> others(2);
  workers_.swap(others);
  workers_[1].behaviour.has_energy = false;
  EXPECT_FALSE(open().has_energy());
}

TEST_F(FleetTest, TheNumberUnderWayCanBeFixed) {
  workers_.resize(2);
  EXPECT_EQ(open({.build = "1", .in_flight = 16}).capacity(), 16);
  EXPECT_EQ(run(40).size(), 40u);
}

TEST_F(FleetTest, JobsOfAWorkerThatEndsAreDoneByOthers) {
  workers_.resize(3);
  open();
  workers_[1].behaviour.ends = true;
  EXPECT_EQ(run(30).size(), 30u);
  EXPECT_EQ(fleet_->size(), 2);
  EXPECT_NE(notices().find("the worker b"), std::string::npos);
}

TEST_F(FleetTest, JobsOfAWorkerThatIsSilentAreDoneByOthers) {
  workers_.resize(2);
  open({.build = "1", .silence_limit = std::chrono::seconds(4)});
  workers_[0].behaviour.hangs = true;
  EXPECT_EQ(run(10).size(), 10u);
  EXPECT_NE(notices().find("it was silent for 4 s"), std::string::npos);
}

// A worker that only has nothing to do says that it is alive.
TEST_F(FleetTest, AnIdleWorkerIsNotSilent) {
  workers_.resize(2);
  open({.build = "1", .silence_limit = std::chrono::seconds(4)});
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5000);
  while (std::chrono::steady_clock::now() < end) run(1, Purpose::race_round);
  EXPECT_EQ(fleet_->size(), 2) << notices();
}

// Slurm may stop a whole job for hours, and so may a user.
TEST(FleetSilence, TimeWithoutALookCountsAsASecondAtMost) {
  using std::chrono::seconds;
  const Silence::Clock::time_point start{};
  Silence silence(start);
  EXPECT_EQ(silence.look(start + seconds(1)), seconds(1));
  EXPECT_EQ(silence.look(start + seconds(3600)), seconds(2));
  EXPECT_EQ(silence.look(start + seconds(3601)), seconds(3));
  silence.end(start + seconds(3602));
  EXPECT_EQ(silence.look(start + seconds(3602)), seconds(0));
}

TEST_F(FleetTest, AWorkerIsNotSilentWhileNobodyListens) {
  workers_.resize(2);
  open({.build = "1", .silence_limit = std::chrono::seconds(4)});
  workers_[0].behaviour.hangs = true;
  fleet_->submit(job(0, Purpose::race_round));
  std::this_thread::sleep_for(std::chrono::milliseconds(4500));  // this process is stopped
  fleet_->wait(std::chrono::steady_clock::now());
  EXPECT_EQ(fleet_->size(), 2) << notices();
  workers_[0].behaviour.hangs = false;
}

TEST_F(FleetTest, WithoutWorkersTheLastFaultIsReported) {
  workers_.resize(2);
  open();
  workers_[0].behaviour.fault = "out of memory on a";
  workers_[1].behaviour.fault = "out of memory on b";
  try {
    run(4);
    FAIL() << "no fault";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("out of memory on"), std::string::npos);
  }
}

TEST_F(FleetTest, AFaultOfTheOnlyWorkerIsReportedInItsOwnWords) {
  workers_.resize(1);
  workers_[0].behaviour.open_error = "no driver: install one";
  try {
    open();
    FAIL() << "no fault";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no driver: install one");
  }
}

TEST_F(FleetTest, WorkersWithoutADeviceAreLeftOut) {
  workers_.resize(3);
  workers_[0].behaviour.open_error = "no driver";
  open();
  EXPECT_EQ(fleet_->size(), 2);
  EXPECT_NE(notices().find("no driver"), std::string::npos);
  EXPECT_EQ(run(4, Purpose::race_round).size(), 4u);
  EXPECT_EQ(jobs_of(1), 4u);
}

TEST_F(FleetTest, DevicesThatDifferInTheirLimitsAreLeftOut) {
  workers_.resize(3);
  workers_[0].behaviour.info.sms = 66;
  workers_[1].behaviour.info.model = "another name";  // names do not matter
  open();
  EXPECT_EQ(fleet_->size(), 2);
  EXPECT_EQ(fleet_->info().sms, 132);
  EXPECT_NE(notices().find("the worker a"), std::string::npos);
}

TEST_F(FleetTest, AnotherBuildIsRefused) {
  workers_.emplace_back();
  workers_.emplace_back("2");
  open();
  EXPECT_EQ(fleet_->size(), 1);
  EXPECT_NE(notices().find("it runs 2, and this is 1"), std::string::npos);
}

// Each fleet of a split is used by a thread of its own.
TEST_F(FleetTest, ASplitGivesEachWorkerAFleetOfItsOwn) {
  workers_.resize(3);
  workers_[1].behaviour.info.uuid = "GPU-1";
  workers_[2].behaviour.open_error = "no driver";
  open();
  std::vector<std::unique_ptr<Fleet>> fleets = fleet_->split();
  EXPECT_EQ(fleet_->size(), 0);
  ASSERT_EQ(fleets.size(), 2u) << "the worker without a device is left out";
  EXPECT_TRUE(fleets[1]->worker().starts_with("b ")) << fleets[1]->worker();
  EXPECT_EQ(fleets[1]->info().uuid, "GPU-1") << "trials are of one GPU again";
  fleet_ = std::move(fleets[0]);
  EXPECT_NE(notices().find("no driver"), std::string::npos) << "nothing that was said is lost";
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) fleets[1]->submit(job(i, Purpose::race_round));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::size_t answers = 0;
    while (answers < 20 && std::chrono::steady_clock::now() < deadline) {
      answers += fleets[1]->wait(deadline).size();
    }
    EXPECT_EQ(answers, 20u);
  });
  EXPECT_EQ(run(30).size(), 30u);
  other.join();
  EXPECT_EQ(jobs_of(0), 30u);
  EXPECT_EQ(jobs_of(1), 20u);
}

TEST_F(FleetTest, CancelledJobsAreNotReported) {
  workers_.resize(2);
  open();
  Job old = job(0, Purpose::measure);
  old.configuration = "old";
  fleet_->submit(old);
  // The answer arrives, and nobody takes it.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  fleet_->cancel();
  const auto answers = run(10);  // with the same number among them
  ASSERT_EQ(answers.size(), 10u);
  EXPECT_EQ(answers.at("0").note, "0");
}

// The kernel of a job may end every host that runs it.
TEST_F(FleetTest, AJobThatTakesWorkersWithItIsGivenUp) {
  workers_.resize(3);
  for (ThreadWorker& worker : workers_) worker.behaviour.killer = "3";
  open();
  const auto answers = run(8);
  ASSERT_EQ(answers.size(), 8u);
  EXPECT_EQ(fleet_->size(), 1);
  for (const auto& [configuration, measurement] : answers) {
    EXPECT_EQ(measurement.outcome == Outcome::faulted, configuration == "3") << configuration;
  }
  EXPECT_NE(answers.at("3").note.find("2 workers were lost"), std::string::npos);
}

TEST_F(FleetTest, AGpuThatDeviatesIsLeftOut) {
  workers_.resize(4);
  workers_[2].behaviour.scale = 1.03;
  workers_[3].behaviour.scale = 1.01;
  open();
  fleet_->calibrate({job(0, Purpose::measure)}, 0.02);
  EXPECT_EQ(fleet_->size(), 3);
  const std::string said = notices();
  EXPECT_NE(said.find("the worker c"), std::string::npos) << said;
  EXPECT_NE(said.find("+2.5 %"), std::string::npos) << said;  // of the median, which is 1.005
  EXPECT_EQ(run(20).size(), 20u);
}

TEST_F(FleetTest, TwoGpusThatDeviateAreNamedAndKept) {
  workers_.resize(2);
  workers_[1].behaviour.scale = 1.025;
  open();
  fleet_->calibrate({job(0, Purpose::measure)}, 0.02);
  EXPECT_EQ(fleet_->size(), 2);
  const std::string said = notices();
  EXPECT_NE(said.find("2.5 % more time"), std::string::npos) << said;
  EXPECT_NE(said.find("not comparable"), std::string::npos) << said;
  // Ten minutes later.
  for (const double scale : {1.03, 0.95}) {
    workers_[1].behaviour.scale = scale;
    fleet_->calibrate({job(0, Purpose::measure)}, 0.02);
    EXPECT_EQ(notices(), "") << "a difference of two workers is said once";
  }
}

// Two pairs: it cannot be known which one is right.
TEST(FleetDeviation, NotAllWorkersAreLeftOut) {
  const Comparison pairs =
      compare_times({{"a", 100}, {"b", 110}, {"c", 100}, {"d", 110}}, "x", 0.02);
  EXPECT_TRUE(pairs.deviations.empty());
  EXPECT_EQ(pairs.notice, "d needs 10.0 % more time than a for x: their times are not comparable");
  const Comparison alike = compare_times({{"a", 100}, {"b", 101}, {"c", 100}}, "x", 0.02);
  EXPECT_TRUE(alike.deviations.empty());
  EXPECT_EQ(alike.notice, "");
}

TEST_F(FleetTest, RoundsOfTwoGpusAreNotComparedInARace) {
  workers_.resize(2);
  open();
  run(3, Purpose::race_round);
  workers_[0].behaviour.ends = true;
  try {
    for (int i = 0; i < 100; ++i) run(1, Purpose::race_round);
    FAIL() << "no fault";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the worker a"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("run the same command again"), std::string::npos);
  }
}

// A search goes on without the worker of the race before.
TEST_F(FleetTest, AfterARaceItsWorkerMayEnd) {
  workers_.resize(2);
  open();
  run(3, Purpose::race_round);
  workers_[0].behaviour.ends = true;
  EXPECT_EQ(run(20).size(), 20u);
  EXPECT_EQ(run(3, Purpose::race_round).size(), 3u);
}

TEST_F(FleetTest, TheFirstWorkersKindDecides) {
  workers_.resize(3);
  workers_[1].behaviour.info.kind = workers_[2].behaviour.info.kind = DeviceKind::cpu;
  open();
  EXPECT_EQ(fleet_->size(), 1);
  EXPECT_EQ(fleet_->info().kind, DeviceKind::cuda);
}

// Writes nonsense instead of answers.
TEST_F(FleetTest, AWorkerThatTalksNonsenseIsLeftOut) {
  workers_.resize(1);
  Pipe down, up;
  const std::string nonsense = "HTTP/1.1 400 Bad Request\r\n\r\n";
  ASSERT_EQ(::write(up.writing(), nonsense.data(), nonsense.size()),
            static_cast<ssize_t>(nonsense.size()));
  std::vector<Connection> connections;
  connections.push_back(workers_[0].connection("a"));
  connections.push_back(
      {.name = "b",
       .device = "",
       .transport = std::make_unique<StreamTransport>(up.reading(), down.writing())});
  fleet_ = open_fleet(std::move(connections), {.build = "1"});
  EXPECT_EQ(fleet_->size(), 1);
  EXPECT_NE(notices().find("it writes 'HTTP/1.1 400 Bad Request?' to its stdout"),
            std::string::npos);
  EXPECT_EQ(run(5).size(), 5u);
}

TEST_F(FleetTest, SixtyFourWorkers) {
  workers_.resize(64);
  EXPECT_EQ(open().capacity(), 128);
  EXPECT_EQ(run(1000).size(), 1000u);
}

}  // namespace
}  // namespace tw::fleet
