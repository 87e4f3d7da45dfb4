// The explanation of a winner, from invented rows.
#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace tw {
namespace {

Trial trial(const std::string& configuration, double time_ns,
            const std::map<std::string, double>& metrics = {}) {
  Trial one;
  one.context.code.kernel = "k";
  one.context.situation.problem = "toy f32 m=1";
  one.configuration = configuration;
  one.measurement.samples_ns = {time_ns};
  one.measurement.metrics = metrics;
  return one;
}

Winner winner_of(const Trial& row, const std::vector<std::string>& tied = {}) {
  Winner winner;
  winner.trial = row;
  winner.raced = true;
  winner.tied = tied;
  return winner;
}

const std::map<std::string, double> fast{{"dram_percent", 88},    {"dram_read_bytes", 1e9},
                                         {"l2_bytes", 2e9},       {"shared_wavefronts", 1e6},
                                         {"bank_conflicts", 1e3}, {"occupancy_percent", 50},
                                         {"l2_hit_percent", 40},  {"stall_barrier_percent", 10}};

std::map<std::string, double> with(std::map<std::string, double> metrics,
                                   const std::map<std::string, double>& changes) {
  for (const auto& [name, value] : changes) metrics[name] = value;
  return metrics;
}

TEST(Explain, ComparesWithTheFirstThatIsNotTied) {
  const std::vector<Trial> race{trial("x=1 y=1", 100, fast), trial("x=1 y=2", 100, fast),
                                trial("x=2 y=1", 120,
                                      with(fast, {{"dram_read_bytes", 1.5e9},
                                                  {"occupancy_percent", 30},
                                                  {"slower_low", 1.18},
                                                  {"slower_high", 1.22}}))};
  const Explanation found = explain(winner_of(race[0], {"k: x=1 y=2"}), race, race);
  ASSERT_TRUE(found.bottleneck && found.runner_up && found.slower);
  EXPECT_EQ(found.bottleneck->bound, Bound::dram);
  EXPECT_EQ(found.runner_up->configuration, "x=2 y=1");
  EXPECT_FALSE(found.runner_up_is_tied);
  EXPECT_DOUBLE_EQ(found.slower->low, 1.18);
  EXPECT_DOUBLE_EQ(found.slower->high, 1.22);
  ASSERT_EQ(found.changes.size(), 2u);
  EXPECT_EQ(found.changes[0].name, "dram_read_bytes");
  EXPECT_DOUBLE_EQ(found.changes[0].runner_up, 1.5e9);
  EXPECT_FALSE(found.changes[0].is_percentage);
  EXPECT_EQ(found.changes[1].name, "occupancy_percent");
  EXPECT_TRUE(found.changes[1].is_percentage);
}

TEST(Explain, OfAllTiedItTakesTheFirstAndSaysSo) {
  const std::vector<Trial> race{trial("x=1", 100, fast), trial("x=2", 100, fast)};
  const Explanation found = explain(winner_of(race[0], {"k: x=2"}), race, race);
  ASSERT_TRUE(found.runner_up);
  EXPECT_TRUE(found.runner_up_is_tied);
  EXPECT_TRUE(found.changes.empty());
}

TEST(Explain, LeavesOutBankConflictsThatAreFew) {
  const auto others = with(fast, {{"bank_conflicts", 3e3}});
  const std::vector<Trial> few{trial("x=1", 100, fast), trial("x=2", 110, others)};
  EXPECT_TRUE(explain(winner_of(few[0]), few, few).changes.empty());
  const auto many = with(fast, {{"bank_conflicts", 9e5}});
  const std::vector<Trial> race{trial("x=1", 100, fast), trial("x=2", 110, many)};
  const Explanation found = explain(winner_of(race[0]), race, race);
  ASSERT_EQ(found.changes.size(), 1u);
  EXPECT_EQ(found.changes[0].name, "bank_conflicts");
}

TEST(Explain, WithoutCountersOrARaceTheKnobsAreLeft) {
  const std::vector<Trial> trials{trial("x=1 y=1", 100), trial("x=1 y=2", 101),
                                  trial("x=2 y=1", 200), trial("x=2 y=2", 201),
                                  trial("other=1", 5),   trial("x=3", 7)};
  const Explanation found = explain(winner_of(trials[0]), {trials[0]}, trials);
  EXPECT_FALSE(found.bottleneck);
  EXPECT_FALSE(found.runner_up);
  EXPECT_EQ(found.finalists, 1u);
  EXPECT_EQ(found.trials, 4u);
  ASSERT_EQ(found.effects.size(), 2u);
  EXPECT_EQ(found.knobs[found.effects[0].knob].name, "x");
  EXPECT_EQ(found.knobs[0].text(found.effects[0].values[1].value), "2");
  EXPECT_NEAR(found.effects[0].values[1].ratio, 2, 1e-9);
}

TEST(Explain, NamesTheKnobsThatInteract) {
  std::vector<Trial> trials;
  for (const double noise : {0.0, 0.5}) {
    for (const char* z : {"z=1", "z=2"}) {
      trials.push_back(trial(std::string("x=1 y=1 ") + z, 100 + noise));
      trials.push_back(trial(std::string("x=1 y=2 ") + z, 150 + noise));
      trials.push_back(trial(std::string("x=2 y=1 ") + z, 160 + noise));
      trials.push_back(trial(std::string("x=2 y=2 ") + z, 110 + noise));
    }
  }
  const Explanation found = explain(winner_of(trials[0]), {trials[0]}, trials);
  EXPECT_EQ(pairs_json(found).dump(), R"([{"knobs":["x","y"],"share":)" +
                                          nlohmann::json(found.pairs.at(0).share).dump() +
                                          R"(,"best":[{"values":["1","1"],"ratio":1.0,"trials":4},)"
                                          R"({"values":["2","2"],"ratio":1.1,"trials":4}]}])");
  EXPECT_GT(found.pairs.at(0).share, 0.9);
}

TEST(Explain, LeavesOutTrialsThatFailed) {
  std::vector<Trial> trials{trial("x=1", 100), trial("x=2", 150), trial("x=3", 10)};
  trials[2].measurement.outcome = Outcome::wrong_result;
  const Explanation found = explain(winner_of(trials[0]), {trials[0]}, trials);
  EXPECT_EQ(found.trials, 2u);
  ASSERT_EQ(found.effects.size(), 1u);
  EXPECT_EQ(found.effects[0].values.size(), 2u);
}

}  // namespace
}  // namespace tw
