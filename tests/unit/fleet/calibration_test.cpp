// GPUs that tune problems of their own are compared between the problems.
#include <filesystem>
#include <fstream>

#include "commands/commands.h"
#include "commands/tune/tune_batch.h"
#include "session/setup/calibration_rounds.h"
#include "unit/fleet/fixture.h"

namespace tw::fleet {
namespace {

constexpr auto every = std::chrono::minutes(10);

class Calibration : public FleetTest {
 protected:
  ~Calibration() override {
    fleets_.clear();
    set_rank_connector({});
    std::filesystem::remove_all(folder_);
  }
  // Starts workers whose devices claim to be GPUs.
  void start(std::size_t count, const std::string& build = "1") {
    for (std::size_t i = 0; i < count; ++i) {
      ThreadWorker& worker = workers_.emplace_back(build);
      worker.behaviour.info = emulated_device(90);
      worker.behaviour.info.kind = DeviceKind::cuda;
    }
  }
  CalibrationRounds rounds() {
    fleets_ = open().split();
    std::vector<Fleet*> compared;
    for (const auto& fleet : fleets_) compared.push_back(fleet.get());
    return CalibrationRounds(compared, every, [this] { return now_; });
  }
  std::string notices_of(std::size_t worker) {
    std::string all;
    for (const std::string& notice : fleets_[worker]->notices()) all += notice + "\n";
    return all;
  }

  std::chrono::steady_clock::time_point now_{};
  std::vector<std::unique_ptr<Fleet>> fleets_;
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("tilewright-rounds-{}", ::getpid());
};

TEST_F(Calibration, AGpuThatDeviatesIsLeftOutBetweenItsProblems) {
  start(4);
  workers_[2].behaviour.scale = 1.05;
  CalibrationRounds rounds = this->rounds();
  for (std::size_t i = 0; i < 4; ++i) rounds.visit(i);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(jobs_of(i), 0u) << "it is not time yet";
  now_ += every;
  for (const std::size_t i : {0u, 2u, 1u, 0u, 2u}) EXPECT_TRUE(rounds.visit(i).empty());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(jobs_of(i), 2u) << "once in a round";
  EXPECT_EQ(fleets_[2]->size(), 1) << "the last GPU has not been measured yet";
  rounds.visit(3);
  rounds.visit(2);
  EXPECT_EQ(fleets_[2]->size(), 0);
  const std::string said = notices_of(2);
  EXPECT_NE(said.find("the worker c"), std::string::npos) << said;
  EXPECT_NE(said.find("is left out: its time for calibration"), std::string::npos) << said;
  EXPECT_NE(said.find("differs by +5.0 % from the median"), std::string::npos) << said;
  // The next round is about the three others.
  rounds.leave(2);
  rounds.visit(0);
  EXPECT_EQ(jobs_of(0), 2u) << "ten minutes have not passed";
  now_ += every;
  for (const std::size_t i : {0u, 1u, 3u}) {
    rounds.visit(i);
    EXPECT_EQ(jobs_of(i), 4u);
    EXPECT_EQ(fleets_[i]->size(), 1);
  }
}

TEST_F(Calibration, TwoGpusThatDifferAreNamed) {
  start(2);
  workers_[1].behaviour.scale = 1.05;
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  EXPECT_TRUE(rounds.visit(1).empty());
  const std::vector<std::string> notices = rounds.visit(0);
  ASSERT_EQ(notices.size(), 2u) << "one for each job";
  EXPECT_NE(notices[0].find("needs 5.0 % more time than a"), std::string::npos) << notices[0];
  EXPECT_EQ(fleets_[0]->size() + fleets_[1]->size(), 2);
}

TEST_F(Calibration, NoRoundWaitsForAWorkerThatHasLeft) {
  start(3);
  workers_[1].behaviour.scale = 1.05;
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  rounds.visit(0);
  rounds.visit(1);
  rounds.leave(2);
  EXPECT_EQ(rounds.visit(1).size(), 2u) << "two are left, which are compared";
}

TEST_F(Calibration, AWorkerThatIsLostInARoundIsNamed) {
  start(2);
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  workers_[1].behaviour.ends = true;
  EXPECT_THROW(rounds.visit(1), Error);
  EXPECT_EQ(fleets_[1]->size(), 0);
  EXPECT_NE(notices_of(1).find("it was killed"), std::string::npos);
}

TEST_F(Calibration, OnlyGpusAreCompared) {
  start(2);
  for (ThreadWorker& worker : workers_) worker.behaviour.info.kind = DeviceKind::cpu;
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  rounds.visit(0);
  EXPECT_EQ(jobs_of(0), 0u);
}

// One of three GPUs becomes slower after the list has begun.
TEST_F(Calibration, AListIsTunedWithoutTheGpuThatHasChanged) {
  start(3, build_of_fleets());
  std::atomic<int> calibrations{0};
  workers_[2].behaviour.time_ns = [&](const Job& job) {
    const bool later = job.problem.starts_with("calibration") && ++calibrations > 2;
    return later ? 1050.0 : 1000.0;
  };
  set_rank_connector([this] {
    std::vector<Connection> connections;
    for (ThreadWorker& worker : workers_) {
      connections.push_back(worker.connection(fmt::format("rank {}", connections.size())));
    }
    return connections;
  });
  std::filesystem::create_directories(folder_);
  std::string list;
  for (int i = 0; i < 40; ++i) list += fmt::format("{}x64\n", 2 + i);
  std::ofstream(folder_ / "list.txt") << list;
  const Arguments arguments = Arguments::parse(
      tune_specification(), {"--op", "activation", "--device", "cuda", "--shapes",
                             (folder_ / "list.txt").string(), "--db", (folder_ / "t.db").string()});
  const Catalog catalog = catalog_of(arguments);
  DeviceChooser chooser(arguments, false);
  const std::vector<Asked> problems = asked_problems(arguments, catalog);
  TuneOptions options;
  options.measuring = measuring_options(arguments);
  options.budget = parse_budget("2");
  options.strategy = "random";
  options.json = true;
  options.finalists = 0;
  options.calibrate_every = std::chrono::milliseconds(0);
  ListOutcome outcome;
  outcome.results.resize(problems.size());
  outcome.list.entries.resize(problems.size());
  testing::internal::CaptureStderr();
  tune_all(catalog, options, problems, chooser, EventLog(), outcome);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("the worker rank 2"), std::string::npos) << said;
  EXPECT_NE(said.find("is left out: its time for calibration"), std::string::npos) << said;
  EXPECT_EQ(outcome.list.winners(), 40u) << said;
}

}  // namespace
}  // namespace tw::fleet
