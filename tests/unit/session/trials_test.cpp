// Tests Trials without a device and without a database.
#include "session/run/trials.h"

#include <limits>
#include <string>
#include <vector>

#include "unit/session/fixture.h"

namespace tw {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Measurement timed(double ns) {
  Measurement measurement;
  measurement.samples_ns = {ns, ns, ns};
  return measurement;
}

Measurement failed(Outcome outcome, const std::string& note) {
  Measurement measurement;
  measurement.outcome = outcome;
  measurement.note = note;
  return measurement;
}

Trial stored(const std::string& configuration, Measurement measurement) {
  Trial trial;
  trial.configuration = configuration;
  trial.measurement = std::move(measurement);
  return trial;
}

class SessionTrialsTest : public testing::Test {
 protected:
  std::vector<Competitor> competitors_{toy_competitor("fast"), toy_competitor("slow")};
  Trials trials_{competitors_};
};

TEST_F(SessionTrialsTest, CountsOutcomesAndKeepsTheFirstNoteOfEach) {
  trials_.count({0, 0}, timed(10));
  trials_.count({0, 1}, failed(Outcome::faulted, "illegal address"));
  trials_.count({1, 1}, failed(Outcome::faulted, "misaligned address"));
  EXPECT_EQ(trials_.size(), 3);
  EXPECT_EQ(trials_.space_size(), 100);
  EXPECT_EQ(trials_.outcomes(),
            (std::map<Outcome, std::int64_t>{{Outcome::ok, 1}, {Outcome::faulted, 2}}));
  EXPECT_EQ(trials_.notes(),
            (std::map<Outcome, std::string>{{Outcome::faulted, "illegal address"}}));
}

TEST_F(SessionTrialsTest, TheBestIsTheFastestThatWorked) {
  EXPECT_FALSE(trials_.best());
  EXPECT_EQ(trials_.best_value(), 0);
  EXPECT_EQ(trials_.best_value_of(0), infinity);
  Measurement wrong = timed(1);
  wrong.outcome = Outcome::wrong_result;
  trials_.count({0, 7}, std::move(wrong));
  trials_.count({0, 8}, {});  // it worked, but has no samples
  EXPECT_FALSE(trials_.best());
  trials_.count({1, 3}, timed(20));
  trials_.count({0, 2}, timed(30));
  EXPECT_EQ(trials_.best(), (TrialKey{1, 3}));
  EXPECT_EQ(trials_.best_value(), 20);
  EXPECT_EQ(trials_.best_value_of(0), 30);
  EXPECT_EQ(trials_.best_value_of(1), 20);
}

TEST_F(SessionTrialsTest, OrdersByTimeThoseThatWorked) {
  trials_.count({0, 4}, timed(30));
  trials_.count({1, 2}, timed(10));
  trials_.count({0, 1}, timed(20));
  trials_.count({0, 5}, failed(Outcome::timed_out, ""));
  EXPECT_EQ(trials_.best_first(), (std::vector<TrialKey>{{1, 2}, {0, 1}, {0, 4}}));
}

TEST_F(SessionTrialsTest, RecallsTimesAndFailuresAndRemembersWhatWasPruned) {
  std::vector<Trial> trials;
  trials.push_back(stored("x=0 y=1", timed(40)));
  trials.push_back(stored("x=0 y=2", failed(Outcome::faulted, "")));
  trials.push_back(stored("x=0 y=3", failed(Outcome::pruned, "")));
  trials.push_back(stored("x=99 y=0", timed(1)));  // of an earlier version of the space
  trials.push_back(stored("z=0", timed(1)));
  const std::vector<Evaluation> known = trials_.recall(1, std::move(trials));
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].index, 1u);
  EXPECT_EQ(known[0].time_ns, 40);
  EXPECT_EQ(known[1].index, 2u);
  EXPECT_EQ(known[1].time_ns, infinity);
  EXPECT_EQ(trials_.size(), 2);
  EXPECT_EQ(trials_.best(), (TrialKey{1, 1}));
  EXPECT_TRUE(trials_.was_pruned_before({1, 3}));
  EXPECT_FALSE(trials_.was_pruned_before({0, 3})) << "the other kernel";
  EXPECT_FALSE(trials_.was_pruned_before({1, 1}));
}

TEST_F(SessionTrialsTest, OnlyFailuresAreKnownToFail) {
  trials_.count({0, 0}, timed(10));
  trials_.count({0, 1}, failed(Outcome::pruned, ""));
  trials_.count({0, 2}, failed(Outcome::wrong_result, ""));
  EXPECT_FALSE(trials_.is_known_to_fail({0, 0}));
  EXPECT_FALSE(trials_.is_known_to_fail({0, 1})) << "a pruned configuration is only slow";
  EXPECT_TRUE(trials_.is_known_to_fail({0, 2}));
  EXPECT_FALSE(trials_.is_known_to_fail({0, 3})) << "nothing is known";
}

TEST_F(SessionTrialsTest, ARefutedTrialIsAFailureAndNotTheBest) {
  trials_.count({0, 0}, timed(10));
  trials_.count({0, 1}, timed(20));
  trials_.refute({0, 0}, failed(Outcome::faulted, "illegal address"));
  EXPECT_EQ(trials_.outcomes(),
            (std::map<Outcome, std::int64_t>{{Outcome::ok, 1}, {Outcome::faulted, 1}}));
  EXPECT_TRUE(trials_.is_known_to_fail({0, 0}));
  EXPECT_EQ(trials_.best(), (TrialKey{0, 1}));
  EXPECT_EQ(trials_.best_value(), 20);
  trials_.refute({0, 1}, failed(Outcome::faulted, ""));
  EXPECT_FALSE(trials_.outcomes().contains(Outcome::ok));
  EXPECT_FALSE(trials_.best());
  EXPECT_EQ(trials_.best_value(), 0);
  trials_.refute({1, 5}, failed(Outcome::faulted, ""));  // it has no measurement
  EXPECT_EQ(trials_.size(), 2);
}

TEST_F(SessionTrialsTest, AKeyHasAKernelAndAText) {
  EXPECT_EQ(trials_.competitor_of({1, 7}).name, "slow");
  EXPECT_EQ(trials_.configuration_of({1, 7}), "x=1 y=2");
  EXPECT_TRUE(trials_.is_default({1, 0}));
  EXPECT_FALSE(trials_.is_default({1, 7}));
}

TEST_F(SessionTrialsTest, WhatLacksTheValueOfTheObjectiveIsNotKnown) {
  Trials trials(competitors_, Objective::energy);
  Measurement frugal = timed(50);
  frugal.energy_mj = 3;
  std::vector<Trial> rows;
  rows.push_back(stored("x=0 y=1", timed(40)));
  rows.push_back(stored("x=0 y=2", failed(Outcome::faulted, "")));
  rows.push_back(stored("x=0 y=3", frugal));
  const std::vector<Evaluation> known = trials.recall(1, std::move(rows));
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].time_ns, infinity);
  EXPECT_EQ(known[1].time_ns, 3);
  EXPECT_EQ(trials.size(), 2);
  EXPECT_EQ(trials.best_value(), 3);
}

}  // namespace
}  // namespace tw
