// GPUs that tune problems of their own are compared between the problems.
#include <array>
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
    open();
    return rounds_of_fleet();
  }
  CalibrationRounds rounds_of_fleet() {
    fleets_ = fleet_->split();
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
  // In later rounds the difference is another one, and the second GPU becomes the faster one.
  for (const double scale : {1.06, 0.93}) {
    workers_[1].behaviour.scale = scale;
    now_ += every;
    EXPECT_TRUE(rounds.visit(1).empty());
    EXPECT_TRUE(rounds.visit(0).empty()) << "it is said once";
  }
  EXPECT_EQ(jobs_of(0), 6u) << "there were three rounds";
}

TEST_F(Calibration, ADifferenceThatTheWholeFleetHasSaidIsNotSaidAgain) {
  start(2);
  workers_[1].behaviour.scale = 1.05;
  const std::vector<Job> jobs = calibration_jobs(workers_[0].behaviour.info);
  open().calibrate({jobs.front()}, most_deviation);
  EXPECT_NE(this->notices().find("needs 5.0 % more time than a"), std::string::npos);
  CalibrationRounds rounds = rounds_of_fleet();
  now_ += every;
  rounds.visit(0);
  const std::vector<std::string> notices = rounds.visit(1);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find(jobs.back().problem), std::string::npos) << notices[0];
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

// The list ends before the GPU could be left out.
TEST_F(Calibration, WhatNoWorkerHasSaidIsLeft) {
  start(3);
  workers_[1].behaviour.scale = 1.05;
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(rounds.visit(i).empty());
  for (std::size_t i = 0; i < 3; ++i) rounds.leave(i);
  const std::vector<std::string> rest = rounds.rest();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].find("the worker b"), 0u) << rest[0];
  EXPECT_NE(rest[0].find("is not comparable with the others: its time for calibration"),
            std::string::npos)
      << rest[0];
  EXPECT_TRUE(rounds.rest().empty());
}

// The third GPU tunes the last problem meanwhile, and never runs the jobs.
TEST_F(Calibration, TimesOfWorkersThatHaveLeftAreCompared) {
  start(3);
  workers_[1].behaviour.scale = 1.05;
  CalibrationRounds rounds = this->rounds();
  now_ += every;
  for (std::size_t i = 0; i < 2; ++i) {
    rounds.visit(i);
    rounds.leave(i);
  }
  rounds.leave(2);
  const std::vector<std::string> rest = rounds.rest();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_NE(rest[0].find("needs 5.0 % more time than a"), std::string::npos) << rest[0];
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

// A list of problems that three workers tune. They compare their GPUs before each problem.
class CalibrationOfList : public Calibration {
 protected:
  // Tunes the list. Returns what is said.
  std::string tune(int problems) {
    set_rank_connector([this] {
      std::vector<Connection> connections;
      for (ThreadWorker& worker : workers_) {
        connections.push_back(worker.connection(fmt::format("rank {}", connections.size())));
      }
      return connections;
    });
    std::filesystem::create_directories(folder_);
    std::string list;
    for (int i = 0; i < problems; ++i) list += fmt::format("{}x64\n", 2 + i);
    std::ofstream(folder_ / "list.txt") << list;
    const Arguments arguments =
        Arguments::parse(tune_specification(),
                         {"--op", "activation", "--device", "cuda", "--shapes",
                          (folder_ / "list.txt").string(), "--db", (folder_ / "t.db").string()});
    const Catalog catalog = catalog_of(arguments);
    DeviceChooser chooser(arguments, false);
    const std::vector<Asked> asked = asked_problems(arguments, catalog);
    TuneOptions options;
    options.measuring = measuring_options(arguments);
    options.budget = parse_budget("2");
    options.strategy = "random";
    options.json = true;
    options.finalists = 0;
    options.calibrate_every = std::chrono::milliseconds(0);
    outcome_.results.resize(asked.size());
    outcome_.list.entries.resize(asked.size());
    testing::internal::CaptureStderr();
    tune_all(catalog, options, asked, chooser, EventLog(), outcome_);
    return testing::internal::GetCapturedStderr();
  }
  static bool is_calibration(const Job& job) { return job.problem.starts_with("calibration"); }

  ListOutcome outcome_;
};

// One of three GPUs becomes slower after the list has begun.
TEST_F(CalibrationOfList, TheOtherGpusTuneWithoutTheOneThatHasChanged) {
  start(3, build_of_fleets());
  std::atomic<int> calibrations{0};
  workers_[2].behaviour.time_ns = [&](const Job& job) {
    return is_calibration(job) && ++calibrations > 2 ? 1050.0 : 1000.0;
  };
  const std::string said = tune(40);
  EXPECT_NE(said.find("the worker rank 2"), std::string::npos) << said;
  EXPECT_NE(said.find("is left out: its time for calibration"), std::string::npos) << said;
  EXPECT_EQ(outcome_.list.winners(), 40u) << said;
}

// It tunes its last problem when the others' times arrive.
TEST_F(CalibrationOfList, AGpuThatHasChangedIsNamedAtTheEnd) {
  start(3, build_of_fleets());
  std::array<std::atomic<bool>, 3> tunes{};  // each worker a problem
  const auto wait_for = [](const std::function<bool()>& condition) {
    for (int i = 0; i < 60'000 && !condition(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(condition());
  };
  for (std::size_t i = 0; i < 3; ++i) {
    workers_[i].behaviour.time_ns = [&, i, own = 0](const Job& job) mutable {
      if (!is_calibration(job)) {
        tunes[i] = true;
        wait_for([&] { return tunes[0] && tunes[1] && tunes[2]; });
        return 1000.0;
      }
      const bool is_later = ++own > 2;  // than the comparison before the list
      if (is_later && i != 2) wait_for([&] { return tunes[2].load(); });
      return is_later && i == 2 ? 1050.0 : 1000.0;
    };
  }
  const std::string said = tune(3);
  const std::size_t at = said.find("the worker rank 2");
  ASSERT_NE(at, std::string::npos) << said;
  EXPECT_NE(said.find("is not comparable with the others: its time for calibration", at),
            std::string::npos)
      << said;
  EXPECT_EQ(outcome_.list.winners(), 3u) << said;
}

}  // namespace
}  // namespace tw::fleet
