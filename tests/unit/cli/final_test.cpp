// The races, counts and rows of a session's final.
#include <algorithm>
#include <cstdio>
#include <set>
#include <string>

#include "commands/recheck.h"
#include "unit/session/fixture.h"

namespace tw {
namespace {

TEST_F(SessionTest, RacesTheDefaultAndThePreviousWinnerToo) {
  run(request());
  SessionRequest few = request();
  few.finalists = 2;
  const SessionResult result = run(few);
  const auto raced = [&](const std::string& configuration) {
    return std::any_of(result.ranking.begin(), result.ranking.end(), [&](const Ranked& row) {
      return row.raced && row.configuration == configuration;
    });
  };
  EXPECT_TRUE(raced("x=0 y=0"));
  EXPECT_TRUE(raced("x=5 y=0"));
}

TEST_F(SessionTest, TheWinnerAndItsRunnerUpAreCountedAndTheirCountersStored) {
  device_.counts_ = true;
  const SessionResult result = run(request());
  const auto is_raced = [](const Ranked& row) { return row.raced; };
  EXPECT_GT(std::count_if(result.ranking.begin(), result.ranking.end(), is_raced), 2);
  EXPECT_EQ(device_.count_[Purpose::counters], 2);
  const auto runner_up = std::find_if(result.ranking.begin() + 1, result.ranking.end(),
                                      [](const Ranked& row) { return row.raced && !row.tied; });
  ASSERT_NE(runner_up, result.ranking.end());
  std::set<std::string> counted;
  for (const Trial& trial : stored()) {
    if (trial.kind != TrialKind::race) continue;
    EXPECT_FALSE(trial.measurement.samples_ns.empty());
    const auto percent = trial.measurement.metrics.find("dram_percent");
    if (percent == trial.measurement.metrics.end()) continue;
    EXPECT_DOUBLE_EQ(percent->second, 90 - std::stod(trial.configuration.substr(2)));
    counted.insert(trial.configuration);
  }
  EXPECT_EQ(counted, (std::set<std::string>{result.ranking.front().configuration,
                                            runner_up->configuration}));
}

TEST_F(SessionTest, CountersThatAreRefusedAreAskedForOnceAndCostNothing) {
  device_.counts_ = true;
  device_.refusal_ = "CUPTI refuses counters";
  const SessionResult result = run(request());
  EXPECT_EQ(device_.count_[Purpose::counters], 1);
  EXPECT_TRUE(result.ranking.front().raced);
  SessionRequest without = request();
  without.counters = false;
  run(without);
  EXPECT_EQ(device_.count_[Purpose::counters], 1);
}

TEST_F(SessionTest, WorkThatATimeMissesIsSaidOnceOfASearch) {
  device_.missed_ns_ = 5000;
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress progress(file, Progress::Mode::lines, 80, std::chrono::steady_clock::now);
    run_session(request(), device_, *store_, progress, [] { return false; });
  }
  std::rewind(file);
  std::string text(1 << 14, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  const std::string said = "its time misses work";
  const std::size_t first = text.find(said);
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.find(said, first + 1), std::string::npos) << text;
}

TEST_F(SessionTest, ARaceSaysByHowMuchOthersAreSlower) {
  const SessionResult result = run(request());
  EXPECT_FALSE(result.ranking.front().slower);
  const Ranked& second = result.ranking[1];
  ASSERT_TRUE(second.raced && second.slower);
  EXPECT_LE(second.slower->low, second.median_ns / result.ranking.front().median_ns + 1e-12);
  EXPECT_GE(second.slower->high, second.median_ns / result.ranking.front().median_ns - 1e-12);
  for (const Trial& trial : stored()) {
    if (trial.kind != TrialKind::race || trial.configuration != second.configuration) continue;
    EXPECT_DOUBLE_EQ(trial.measurement.metrics.at("slower_low"), second.slower->low);
    EXPECT_DOUBLE_EQ(trial.measurement.metrics.at("slower_high"), second.slower->high);
  }
}

TEST_F(SessionTest, AFinalistThatFailsInTheRaceIsEvidence) {
  SessionRequest search = request();
  search.finalists = 0;
  run(search);
  device_.fails_ = {"x=5 y=0"};
  const SessionResult result = run(request());
  for (const Ranked& row : result.ranking) EXPECT_NE(row.configuration, "x=5 y=0");
  EXPECT_EQ(result.outcomes.at(Outcome::ok), 49);
  EXPECT_EQ(result.outcomes.at(Outcome::faulted), 1);
  Filter faulted;
  faulted.outcome = Outcome::faulted;
  const std::vector<Trial> rows = store_->trials(faulted);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].kind, TrialKind::race);
  EXPECT_EQ(rows[0].configuration, "x=5 y=0");
  EXPECT_EQ(rows[0].measurement.note, "illegal address");
  EXPECT_TRUE(rows[0].measurement.samples_ns.empty());
  EXPECT_NE(store_->winners({}).at(0).trial.configuration, "x=5 y=0");
  // The configuration is now known to fail, and is not raced again.
  const SessionResult again = run(request());
  EXPECT_EQ(again.known, 50);
  EXPECT_EQ(again.outcomes.at(Outcome::faulted), 1);
  EXPECT_EQ(store_->trials(faulted).size(), 1u);
}

TEST_F(SessionTest, ARacedWinnerThatFailsInTheNextRaceLosesItsPlace) {
  run(request());
  EXPECT_EQ(store_->winners({}).at(0).trial.configuration, "x=5 y=0");
  device_.fails_ = {"x=5 y=0"};
  run(request());
  ASSERT_EQ(store_->winners({}).size(), 1u);
  EXPECT_NE(store_->winners({}).at(0).trial.configuration, "x=5 y=0");
}

TEST_F(SessionTest, WhereAllFinalistsFailNothingWins) {
  SessionRequest search = request();
  search.finalists = 0;
  run(search);
  for (int x = 0; x < 10; ++x) {
    for (int y = 0; y < 5; ++y) {
      device_.fails_.insert("x=" + std::to_string(x) + " y=" + std::to_string(y));
    }
  }
  const SessionResult result = run(request());
  EXPECT_TRUE(result.all_finalists_failed);
  EXPECT_TRUE(result.ranking.empty());
  EXPECT_TRUE(store_->winners({}).empty());
  EXPECT_EQ(result.outcomes.at(Outcome::faulted), 9);  // eight finalists and the default
  // The next run races the next configurations.
  device_.fails_.clear();
  EXPECT_FALSE(run(request()).ranking.empty());
  EXPECT_EQ(store_->winners({}).size(), 1u);
}

TEST_F(SessionTest, AFailureWhileTheUserEndsItIsNoEvidence) {
  SessionRequest search = request();
  search.finalists = 0;
  run(search);
  device_.fails_ = {"x=5 y=0"};
  stopped_ = [&] { return device_.count_[Purpose::race_round] > 8; };
  run(request());
  Filter faulted;
  faulted.outcome = Outcome::faulted;
  EXPECT_TRUE(store_->trials(faulted).empty());
}

TEST_F(SessionTest, ARecheckThatFailsIsEvidence) {
  run(request());
  device_.fails_ = {"x=5 y=0"};
  SessionRequest asked = request();
  asked.only = {{"fast", "x=5 y=0"}, {"fast", "x=4 y=0"}};
  const SessionResult result = run(asked);
  EXPECT_EQ(standing_of({"fast", "x=5 y=0"}, result.ranking), Standing::flipped);
  EXPECT_EQ(store_->winners({}).at(0).trial.configuration, "x=4 y=0");
  device_.fails_.insert("x=4 y=0");
  run(asked);
  EXPECT_TRUE(store_->winners({}).empty());
}

TEST_F(SessionTest, ABaselineRunsInTheRaceButIsNotRanked) {
  SessionRequest with_baseline = request();
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  with_baseline.baselines = {job};
  const SessionResult result = run(with_baseline);
  EXPECT_GT(device_.count_[Purpose::baseline], 1);
  EXPECT_GT(result.baselines.at("vendor").samples_ns.size(), 3u);  // samples of all rounds
  for (const Ranked& row : result.ranking) EXPECT_EQ(row.kernel, "fast");
}

TEST_F(SessionTest, OnlyContendersAreRacedWhereTheyAreNamed) {
  SessionRequest asked = request({"fast", "slow"});
  asked.only = {{"slow", "x=5 y=0"}, {"fast", "x=4 y=0"}, {"fast", "x=99 y=0"}};
  const SessionResult result = run(asked);
  EXPECT_TRUE(device_.measured_.empty());
  EXPECT_EQ(result.evaluated, 0);
  ASSERT_EQ(result.ranking.size(), 2u);
  EXPECT_EQ(result.ranking[0].kernel, "fast");
  EXPECT_TRUE(result.ranking[0].raced);
  for (const Trial& trial : stored()) EXPECT_EQ(trial.kind, TrialKind::race);
  EXPECT_EQ(standing_of({"fast", "x=4 y=0"}, result.ranking), Standing::holds);
  EXPECT_EQ(standing_of({"slow", "x=5 y=0"}, result.ranking), Standing::flipped);
  // If it is the only one, it is measured too.
  asked.only = {{"slow", "x=5 y=0"}};
  EXPECT_EQ(run(asked).ranking.size(), 1u);
}

TEST(Standing, TiedWithTheFastestHolds) {
  std::vector<Ranked> ranking(3);
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    ranking[i].kernel = "k";
    ranking[i].configuration = "x=" + std::to_string(i);
    ranking[i].raced = true;
    ranking[i].tied = i < 2;
  }
  EXPECT_EQ(standing_of({"k", "x=0"}, ranking), Standing::holds);
  EXPECT_EQ(standing_of({"k", "x=1"}, ranking), Standing::holds);
  EXPECT_EQ(standing_of({"k", "x=2"}, ranking), Standing::flipped);
  EXPECT_EQ(standing_of({"k", "x=3"}, ranking), Standing::flipped) << "it failed";
  ranking[0].raced = false;
  EXPECT_EQ(standing_of({"k", "x=0"}, ranking), Standing::flipped) << "not of this race";
}

}  // namespace
}  // namespace tw
