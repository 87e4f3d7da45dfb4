// The searches and rows of a session.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "unit/session/fixture.h"

namespace tw {
namespace {

TEST_F(SessionTest, FindsTheBestAndStoresIt) {
  const SessionResult result = run(request());
  ASSERT_FALSE(result.ranking.empty());
  EXPECT_EQ(result.ranking.front().configuration, "x=5 y=0");
  EXPECT_TRUE(result.ranking.front().raced);
  EXPECT_EQ(result.evaluated, 50);
  EXPECT_EQ(result.ranking.size(), 50u);
  EXPECT_TRUE(result.exhausted);
  const std::vector<Winner> winners = store_->winners({});
  ASSERT_EQ(winners.size(), 1u);
  EXPECT_EQ(winners.front().trial.configuration, "x=5 y=0");
  EXPECT_TRUE(winners.front().raced);
}

TEST_F(SessionTest, NeverMeasuresAgainWhatIsKnown) {
  SessionRequest first = request();
  first.budget.evaluations = 20;
  EXPECT_EQ(run(first).evaluated, 20);
  const SessionResult second = run(request());
  EXPECT_EQ(second.known, 20);
  EXPECT_EQ(second.evaluated, 30);
  const std::set<std::string> distinct(device_.measured_.begin(), device_.measured_.end());
  EXPECT_EQ(device_.measured_.size(), 50u);
  EXPECT_EQ(distinct.size(), 50u);
  const SessionResult third = run(request());
  EXPECT_EQ(third.evaluated, 0);
  EXPECT_EQ(third.ranking.front().configuration, "x=5 y=0");
}

TEST_F(SessionTest, FreshMeasuresAgain) {
  run(request());
  SessionRequest again = request();
  again.fresh = true;
  const SessionResult result = run(again);
  EXPECT_EQ(result.known, 0);
  EXPECT_EQ(result.evaluated, 50);
}

TEST_F(SessionTest, AnotherSourceIsAnotherContext) {
  run(request());
  SessionRequest changed = request();
  changed.competitors.front().code.source_digest = "e";
  EXPECT_EQ(run(changed).evaluated, 50);
}

TEST_F(SessionTest, HalfOfTheBudgetIsSharedAndTheRestIsTheLeaders) {
  SessionRequest both = request({"fast", "slow"});
  both.budget.evaluations = 21;
  const SessionResult result = run(both);
  EXPECT_EQ(result.evaluated, 21);
  const auto of_fast =
      std::count_if(device_.measured_.begin(), device_.measured_.end(),
                    [](const std::string& one) { return one.starts_with("fast"); });
  EXPECT_EQ(of_fast, 6 + 10);
  EXPECT_EQ(result.ranking.front().kernel, "fast");
}

TEST_F(SessionTest, WhatTheLeaderLeavesIsTheOthers) {
  SessionRequest both = request({"fast", "slow"});
  both.budget.evaluations = 90;
  both.finalists = 0;
  const SessionResult result = run(both);
  EXPECT_EQ(result.evaluated, 90);
  const auto of_fast =
      std::count_if(device_.measured_.begin(), device_.measured_.end(),
                    [](const std::string& one) { return one.starts_with("fast"); });
  EXPECT_EQ(of_fast, 50);  // all that this kernel has
}

TEST_F(SessionTest, FailuresAreRowsAndNotRanked) {
  device_.fails_ = {"x=5 y=0", "x=1 y=1"};
  const SessionResult result = run(request());
  EXPECT_EQ(result.outcomes.at(Outcome::faulted), 2);
  EXPECT_EQ(result.outcomes.at(Outcome::ok), 48);
  EXPECT_EQ(result.ranking.size(), 48u);
  EXPECT_NE(result.ranking.front().configuration, "x=5 y=0");
  Filter faulted;
  faulted.outcome = Outcome::faulted;
  EXPECT_EQ(store_->trials(faulted).size(), 2u);
}

TEST_F(SessionTest, StopsWhenAskedAndKeepsTheBest) {
  int looks = 0;
  stopped_ = [&] { return ++looks > 20; };
  const SessionResult result = run(request());
  EXPECT_TRUE(result.interrupted);
  EXPECT_LT(result.evaluated, 50);
  ASSERT_FALSE(result.ranking.empty());
  EXPECT_EQ(static_cast<std::int64_t>(stored().size()), result.evaluated);
  EXPECT_FALSE(result.ranking.front().raced);
}

TEST_F(SessionTest, OnlyAWholeSearchOfTheStrategyAutoHasACertificate) {
  EXPECT_FALSE(run(request()).certificate) << "the strategy is another one";
  SessionRequest automatic = request();
  automatic.strategy = "auto";
  automatic.budget.evaluations = 8;
  automatic.fresh = true;
  EXPECT_TRUE(run(automatic).certificate);
  device_.measured_.clear();
  stopped_ = [&] { return device_.measured_.size() > 4; };
  EXPECT_FALSE(run(automatic).certificate) << "it was interrupted";
}

TEST_F(SessionTest, ATimeBudgetEndsTheSearch) {
  SessionRequest timed = request();
  timed.budget = {.evaluations = 0, .seconds = 1e-9};
  const SessionResult result = run(timed);
  EXPECT_EQ(result.evaluated, 0);
  EXPECT_FALSE(result.exhausted);
}

TEST_F(SessionTest, MeasuresABaselineOncePerContext) {
  SessionRequest with_baseline = request();
  with_baseline.finalists = 0;
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  with_baseline.baselines = {job};
  EXPECT_EQ(run(with_baseline).baselines.at("vendor").median_ns(), 1100);
  EXPECT_EQ(run(with_baseline).baselines.at("vendor").median_ns(), 1100);
  EXPECT_EQ(device_.count_[Purpose::baseline], 1);
  with_baseline.fresh = true;
  run(with_baseline);
  EXPECT_EQ(device_.count_[Purpose::baseline], 2);
}

TEST_F(SessionTest, GoesOnWithoutABaselineThatIsNotThere) {
  device_.has_baseline_ = false;
  SessionRequest with_baseline = request();
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  with_baseline.baselines = {job};
  const SessionResult result = run(with_baseline);
  EXPECT_TRUE(result.baselines.empty());
  EXPECT_EQ(result.evaluated, 50);
}

TEST_F(SessionTest, FasterThanTheRooflineIsAnError) {
  SessionRequest roofed = request();
  roofed.roof_ns = 1021;  // 1000 ns are 2.1 % faster
  const SessionResult result = run(roofed);
  EXPECT_GT(result.outcomes.at(Outcome::wrong_result), 0);
  ASSERT_FALSE(result.ranking.empty());
  EXPECT_GE(result.ranking.front().median_ns * 1.02, 1021);
}

TEST_F(SessionTest, NothingWorksIsAResult) {
  for (int x = 0; x < 10; ++x) {
    for (int y = 0; y < 5; ++y) {
      device_.fails_.insert("x=" + std::to_string(x) + " y=" + std::to_string(y));
    }
  }
  const SessionResult result = run(request());
  EXPECT_TRUE(result.ranking.empty());
  EXPECT_EQ(device_.count_[Purpose::race_round], 0);
}

TEST_F(SessionTest, BeginsWithWhatWasGoodOnAnotherDevice) {
  SessionRequest there = request();
  there.situation.device_model = "another";
  run(there);
  device_.measured_.clear();
  SessionRequest here = request();
  here.strategy = "auto";
  here.budget.evaluations = 5;
  const SessionResult result = run(here);
  ASSERT_EQ(result.learned.size(), 1u);
  EXPECT_EQ(result.learned.front().device, "another");
  EXPECT_EQ(result.learned.front().trials, 50u);
  EXPECT_EQ(device_.measured_.front(), "fast: x=5 y=0");
  here.fresh = true;
  EXPECT_TRUE(run(here).learned.empty());
}

// Verdicts for other constants are not reused, but their times guide the start of the search.
TEST_F(SessionTest, BeginsWithWhatWasGoodForOtherConstants) {
  SessionRequest there = request();
  there.competitors.front().code.verdict_digest = "scale(3)";
  run(there);
  device_.measured_.clear();
  SessionRequest here = request();
  here.competitors.front().code.verdict_digest = "scale(2)";
  here.strategy = "auto";
  here.budget.evaluations = 5;
  const SessionResult result = run(here);
  EXPECT_EQ(result.known, 0);
  ASSERT_EQ(result.learned.size(), 1u);
  EXPECT_EQ(result.learned.front().trials, 50u);
  EXPECT_EQ(device_.measured_.front(), "fast: x=5 y=0");
}

TEST_F(SessionTest, ABaselineIsReusedForTheSameVerdictsAlone) {
  SessionRequest with_baseline = request();
  with_baseline.finalists = 0;
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  with_baseline.baselines = {job};
  run(with_baseline);
  with_baseline.competitors.front().code.verdict_digest = "another reference";
  run(with_baseline);
  EXPECT_EQ(device_.count_[Purpose::baseline], 2);
}

TEST_F(SessionTest, SameSeedSameTrials) {
  SessionRequest local = request();
  local.strategy = "local";
  local.budget.evaluations = 25;
  local.fresh = true;
  run(local);
  const std::vector<std::string> first = std::exchange(device_.measured_, {});
  run(local);
  EXPECT_EQ(first, device_.measured_);
}

TEST_F(SessionTest, WhatIsProvenToBeSlowerIsStoredOnceAndCostsNoBudget) {
  SessionRequest asked = request();
  asked.competitors[0].least_time = [](std::span<const std::int64_t> configuration) {
    return LeastTime{configuration[1] == 4 ? 1e9 : 0.0, "its sums"};
  };
  const SessionResult first = run(asked);
  EXPECT_EQ(first.evaluated, 40);
  EXPECT_EQ(first.outcomes.at(Outcome::pruned), 10);
  EXPECT_TRUE(first.exhausted);
  const auto pruned = [this] {
    const std::vector<Trial> trials = stored();
    return std::count_if(trials.begin(), trials.end(), [](const Trial& trial) {
      return trial.measurement.outcome == Outcome::pruned;
    });
  };
  EXPECT_EQ(pruned(), 10);
  // A second run proves the same configurations slow again, and stores nothing twice.
  const SessionResult second = run(asked);
  EXPECT_EQ(second.known, 40);
  EXPECT_EQ(second.evaluated, 0);
  EXPECT_EQ(pruned(), 10);
  // Without the proof they are measured.
  asked.competitors[0].least_time = {};
  EXPECT_EQ(run(asked).evaluated, 10);
}

TEST_F(SessionTest, WorkThatNothingBoundsIsGivenUpAfterThreeThatDoNotEnd) {
  device_.failure_ = Outcome::timed_out;
  for (int x = 0; x < 10; ++x) {
    for (int y = 0; y < 5; ++y)
      device_.fails_.insert("x=" + std::to_string(x) + " y=" + std::to_string(y));
  }
  EXPECT_EQ(run(request()).outcomes.at(Outcome::timed_out), 50);
  SessionRequest unknown = request();
  unknown.fresh = true;
  unknown.unknown_work = true;
  try {
    run(unknown);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the first 3 configurations"), std::string::npos)
        << error.what();
  }
  // One trial that ends shows that the work is finite.
  device_.fails_.erase("x=0 y=0");
  unknown.budget.evaluations = 5;
  EXPECT_EQ(run(unknown).outcomes.at(Outcome::timed_out), 4);
}

TEST_F(SessionTest, WhatIsOnlyRecalledIsRacedAndNotSearched) {
  SessionRequest first = request();
  first.budget.evaluations = 10;
  run(first);
  device_.count_.clear();
  SessionRequest again = request();
  again.recall_only = true;
  const SessionResult result = run(again);
  EXPECT_EQ(result.evaluated, 0);
  EXPECT_EQ(result.known, 10);
  EXPECT_EQ(device_.count_[Purpose::measure], 0);
  EXPECT_GT(device_.count_[Purpose::race_round], 0);
  EXPECT_TRUE(result.ranking.front().raced);
}

class SessionByEnergy : public SessionTest {
 protected:
  SessionRequest by(Objective objective) {
    SessionRequest asked = request();
    asked.objective = objective;
    asked.limits.energy_ms = objective == Objective::time ? 0 : 500;
    return asked;
  }
};

TEST_F(SessionByEnergy, TheLeastEnergyWins) {
  const SessionResult result = run(by(Objective::energy));
  EXPECT_EQ(result.ranking.front().configuration, "x=2 y=0");
  EXPECT_EQ(result.ranking.front().measurement.energy_mj, 10);
  EXPECT_TRUE(result.ranking.front().raced);
  EXPECT_EQ(result.ranking[1].measurement.energy_mj, 11);
  EXPECT_NEAR(result.ranking[1].slower->low, 1.1, 1e-9);
  const std::vector<Winner> winners = store_->winners({.objective = Objective::energy});
  ASSERT_EQ(winners.size(), 1u);
  EXPECT_EQ(winners[0].trial.configuration, "x=2 y=0");
  EXPECT_TRUE(winners[0].raced);
  EXPECT_EQ(store_->runs().front().info.objective, Objective::energy);
}

TEST_F(SessionByEnergy, TheProductOfTimeAndEnergyHasAWinner) {
  const SessionResult result = run(by(Objective::time_energy));
  EXPECT_EQ(result.ranking.front().configuration, "x=2 y=0");
  EXPECT_FALSE(store_->winners({.objective = Objective::time_energy}).empty());
}

TEST_F(SessionByEnergy, TrialsWithoutEnergiesAreMeasuredAnew) {
  run(by(Objective::time));
  const SessionResult result = run(by(Objective::energy));
  EXPECT_EQ(result.known, 0);
  EXPECT_EQ(result.evaluated, 50);
  EXPECT_EQ(result.ranking.size(), 50u);
}

TEST_F(SessionByEnergy, TrialsWithEnergiesServeASearchByTime) {
  run(by(Objective::energy));
  const SessionResult result = run(by(Objective::time));
  EXPECT_EQ(result.known, 50);
  EXPECT_EQ(result.evaluated, 0);
  EXPECT_EQ(result.ranking.front().configuration, "x=5 y=0");
  const SessionResult again = run(by(Objective::energy));
  EXPECT_EQ(again.known, 50) << "the race by time measured no energy, but the search did";
  EXPECT_EQ(again.ranking.front().configuration, "x=2 y=0");
}

TEST_F(SessionByEnergy, FailuresAreKnownToEveryObjective) {
  device_.fails_ = {"x=2 y=0"};
  run(by(Objective::time));
  const SessionResult result = run(by(Objective::energy));
  EXPECT_EQ(result.known, 1);
  EXPECT_EQ(result.evaluated, 49);
  EXPECT_NE(result.ranking.front().configuration, "x=2 y=0");
}

TEST_F(SessionByEnergy, TheCertificateIsOfTimesAlone) {
  SessionRequest asked = by(Objective::time);
  asked.strategy = "auto";
  EXPECT_TRUE(run(asked).certificate);
  asked = by(Objective::energy);
  asked.strategy = "auto";
  EXPECT_FALSE(run(asked).certificate);
}

TEST_F(SessionByEnergy, ABaselineWithoutAnEnergyIsMeasuredAnew) {
  SessionRequest asked = by(Objective::time);
  Job baseline;
  baseline.purpose = Purpose::baseline;
  baseline.kernel = baseline.baseline.library = "cublas";
  asked.baselines = {baseline};
  EXPECT_EQ(run(asked).baselines.at("cublas").energy_mj, 0);
  asked = by(Objective::energy);
  asked.baselines = {baseline};
  EXPECT_EQ(run(asked).baselines.at("cublas").energy_mj, 30);
}

}  // namespace
}  // namespace tw
