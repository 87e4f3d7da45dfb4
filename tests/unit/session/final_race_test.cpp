// The final race of a session: who takes part, what is stored, and the order of the rows.
#include "session/final_race.h"

#include <string>
#include <utility>
#include <vector>

#include "session/finalists.h"
#include "unit/session/fixture.h"

namespace tw {
namespace {

class FinalRaceTest : public SessionTest {
 protected:
  // Counts the times of all configurations. These trials have no rows in the database.
  void know_all(const SessionRequest& request) {
    trials_.emplace(request.competitors);
    for (std::size_t i = 0; i < request.competitors.size(); ++i) {
      for (std::size_t index = 0; index < request.competitors[i].space.size(); ++index) {
        Job job;
        job.kernel = request.competitors[i].name;
        job.configuration = trials_->configuration_of({i, index});
        trials_->count({i, index}, device_.answer(job));
      }
    }
  }
  FinalRace race(const SessionRequest& request) {
    const SessionRun run = begin(request);
    Baselines baselines(run);
    for (const Job& job : request.baselines) baselines.find(job);
    FinalRace race = race_finalists(run, *trials_, baselines);
    baselines_ = baselines.measurements();
    return race;
  }
  std::vector<std::string> texts(const std::vector<TrialKey>& keys) const {
    std::vector<std::string> texts;
    for (const TrialKey& key : keys) texts.push_back(trials_->configuration_of(key));
    return texts;
  }
  static std::vector<std::string> texts(const std::vector<Ranked>& rows) {
    std::vector<std::string> texts;
    for (const Ranked& row : rows) texts.push_back(row.configuration);
    return texts;
  }

  std::optional<Trials> trials_;
  std::map<std::string, Measurement> baselines_;
};

using Texts = std::vector<std::string>;

TEST_F(FinalRaceTest, TheFastestAndTheDefaultAreFinalists) {
  SessionRequest asked = request();
  asked.finalists = 2;
  know_all(asked);
  EXPECT_EQ(texts(finalists(asked, *trials_, *store_)), (Texts{"x=5 y=0", "x=4 y=0", "x=0 y=0"}));
  device_.fails_ = {"x=0 y=0"};
  know_all(asked);
  EXPECT_EQ(texts(finalists(asked, *trials_, *store_)), (Texts{"x=5 y=0", "x=4 y=0"}))
      << "a default that fails does not take part";
}

TEST_F(FinalRaceTest, WithoutATimeThereAreNoFinalists) {
  const SessionRequest asked = request();
  trials_.emplace(asked.competitors);
  EXPECT_TRUE(finalists(asked, *trials_, *store_).empty());
  EXPECT_TRUE(race(asked).entrants.empty());
  EXPECT_EQ(device_.count_[Purpose::race_round], 0);
}

TEST_F(FinalRaceTest, ThePreviousWinnerIsAFinalist) {
  EXPECT_FALSE(previous_winner(request(), *store_));
  run(request());
  const SessionRequest asked = request({"slow", "fast"});
  EXPECT_EQ(previous_winner(asked, *store_), (TrialKey{1, 25}));  // "x=5 y=0" of fast
  trials_.emplace(asked.competitors);
  Measurement slow;
  slow.samples_ns = {5000};
  trials_->count({0, 1}, slow);
  EXPECT_EQ(finalists(asked, *trials_, *store_),
            (std::vector<TrialKey>{{0, 1}, {0, 0}, {1, 0}, {1, 25}}));
}

TEST_F(FinalRaceTest, AWinnerOfAnotherKernelSourceOrSpaceIsNoPreviousWinner) {
  run(request());
  EXPECT_FALSE(previous_winner(request({"slow"}), *store_));
  SessionRequest changed = request();
  changed.competitors.front().code.source_digest = "e";
  EXPECT_FALSE(previous_winner(changed, *store_));
  SessionRequest smaller = request();
  smaller.competitors.front().space = SearchSpace::enumerate({toy_knob("x", 5), toy_knob("y", 5)},
                                                             {}, 0, std::vector<std::int64_t>(2));
  EXPECT_FALSE(previous_winner(smaller, *store_));
}

TEST_F(FinalRaceTest, ContendersAreInTheirSpaces) {
  SessionRequest asked = request({"fast", "slow"});
  asked.only = {
      {"slow", "x=0 y=1"}, {"fast", "x=99 y=0"}, {"other", "x=0 y=1"}, {"fast", "x=0 y=2"}};
  EXPECT_EQ(contenders(asked), (std::vector<TrialKey>{{1, 1}, {0, 2}}));
}

TEST_F(FinalRaceTest, TheRaceIsStoredAndItsRowsAreRanked) {
  SessionRequest asked = request();
  asked.finalists = 3;
  know_all(asked);
  const FinalRace result = race(asked);
  EXPECT_EQ(texts(result.ranking), (Texts{"x=5 y=0", "x=4 y=0", "x=5 y=1", "x=0 y=0"}));
  EXPECT_EQ(result.entrants.size(), 4u);
  EXPECT_FALSE(result.all_failed());
  for (const Ranked& row : result.ranking) {
    EXPECT_TRUE(row.raced);
    EXPECT_EQ(row.is_default, row.configuration == "x=0 y=0");
  }
  EXPECT_EQ(stored().size(), 4u);
  for (const Trial& row : stored()) EXPECT_EQ(row.kind, TrialKind::race);
  EXPECT_EQ(store_->winners({}).at(0).trial.configuration, "x=5 y=0");
}

TEST_F(FinalRaceTest, EqualTimesAreTied) {
  SessionRequest asked = request();
  asked.finalists = 3;
  device_.fails_ = {"x=5 y=0"};  // the three behind it take 1001 ns
  know_all(asked);
  const FinalRace result = race(asked);
  ASSERT_EQ(result.ranking.size(), 4u);
  for (const Ranked& row : result.ranking) EXPECT_EQ(row.tied, row.median_ns == 1001);
}

TEST_F(FinalRaceTest, OneFinalistAloneIsNotRaced) {
  SessionRequest asked = request();
  trials_.emplace(asked.competitors);
  Measurement measurement;
  measurement.samples_ns = {1000};
  trials_->count({0, 0}, measurement);
  EXPECT_TRUE(race(asked).entrants.empty());
  EXPECT_EQ(device_.count_[Purpose::race_round], 0);
  asked.only = {{"fast", "x=0 y=0"}};
  EXPECT_EQ(race(asked).ranking.size(), 1u) << "one contender is measured";
}

TEST_F(FinalRaceTest, AFinalistThatFailsIsRefutedAndStored) {
  const SessionRequest asked = request();
  know_all(asked);
  device_.fails_ = {"x=5 y=0"};
  const FinalRace result = race(asked);
  EXPECT_TRUE(result.entrants.contains({0, 25}));
  EXPECT_TRUE(trials_->is_known_to_fail({0, 25}));
  EXPECT_EQ(trials_->outcomes().at(Outcome::faulted), 1);
  for (const Ranked& row : ranking_of(result, *trials_)) EXPECT_NE(row.configuration, "x=5 y=0");
  Filter faulted;
  faulted.outcome = Outcome::faulted;
  EXPECT_EQ(store_->trials(faulted).size(), 1u);
}

TEST_F(FinalRaceTest, WhereAllFailNothingIsRanked) {
  SessionRequest asked = request();
  asked.finalists = 2;
  know_all(asked);
  device_.fails_ = {"x=5 y=0", "x=4 y=0", "x=0 y=0"};
  const FinalRace result = race(asked);
  EXPECT_TRUE(result.all_failed());
  EXPECT_EQ(trials_->outcomes().at(Outcome::ok), 47);
  EXPECT_TRUE(ranking_of(result, *trials_).empty());
}

TEST_F(FinalRaceTest, ABaselineThatIsThereTakesPart) {
  SessionRequest asked = request();
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  asked.baselines = {job};
  know_all(asked);
  const FinalRace result = race(asked);
  EXPECT_EQ(device_.count_[Purpose::baseline], 1 + 9) << "once before the race, and each round";
  EXPECT_GT(baselines_.at("vendor").samples_ns.size(), 3u) << "the samples of all rounds";
  for (const Ranked& row : result.ranking) EXPECT_EQ(row.kernel, "fast");
  device_.count_.clear();
  device_.has_baseline_ = false;
  asked.fresh = true;
  race(asked);
  EXPECT_EQ(device_.count_[Purpose::baseline], 1) << "it failed before the race";
}

TEST_F(FinalRaceTest, AnUnracedTimeNeverDisplacesTheWinnerOrItsTies) {
  const SessionRequest asked = request();
  trials_.emplace(asked.competitors);
  FinalRace race;
  const auto raced = [&](std::size_t index, double ns, bool tied) {
    Ranked row;
    row.kernel = "fast";
    row.configuration = trials_->configuration_of({0, index});
    row.median_ns = ns;
    row.raced = true;
    row.tied = tied;
    race.ranking.push_back(std::move(row));
    race.entrants.insert({0, index});
  };
  const auto searched = [&](std::size_t index, double ns) {
    Measurement measurement;
    measurement.samples_ns = {ns};
    trials_->count({0, index}, std::move(measurement));
  };
  raced(0, 1000, true);
  raced(1, 1010, true);
  raced(2, 1020, false);
  searched(0, 500);  // a finalist's time of the search does not count
  searched(3, 1005);
  searched(4, 900);
  const std::vector<Ranked> rows = ranking_of(race, *trials_);
  EXPECT_EQ(texts(rows), (Texts{"x=0 y=0", "x=0 y=1", "x=0 y=4", "x=0 y=3", "x=0 y=2"}));
  EXPECT_FALSE(rows[2].raced);
  // Without a race all rows are in the order of their times.
  EXPECT_EQ(texts(ranking_of({}, *trials_)), (Texts{"x=0 y=0", "x=0 y=4", "x=0 y=3"}));
}

}  // namespace
}  // namespace tw
