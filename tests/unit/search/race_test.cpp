#include "search/race.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "unit/search/test_spaces.h"

namespace tw {
namespace {

std::vector<Job> jobs_named(std::initializer_list<const char*> names) {
  std::vector<Job> jobs;
  for (const char* name : names) jobs.emplace_back().configuration = name;
  return jobs;
}

void finish(Race& race) {
  for (int i = 0; i < 1000 && !race.step({}); ++i) {
  }
}

// Repeatable noise: a few parts in a thousand, and a drift that slows every later measurement.
Measurement noisy(double time_ns, int& count) {
  const double noise = 1 + 0.002 * ((count * 7) % 5 - 2);
  const double drift = 1 + 0.001 * count++;
  Measurement measurement;
  measurement.samples_ns = {time_ns * noise * drift, time_ns * drift, time_ns * drift};
  return measurement;
}

TEST(Race, RanksByTimeDespiteDriftAndTiesTheEqual) {
  int count = 0;
  FakeDevice device(
      4, [&](const Job& job) { return noisy(job.configuration == "slow" ? 1050 : 1000, count); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"slow", "fast", "equal"}), 10, 1);
  finish(race);
  const std::vector<Race::Entrant> ranking = race.ranking();
  ASSERT_EQ(ranking.size(), 3u);
  EXPECT_EQ(ranking[2].job.configuration, "slow");
  EXPECT_EQ(Race::tied(ranking), 2u);
  EXPECT_EQ(race.rounds_done(), 10);
  EXPECT_EQ(ranking[0].medians_ns.size(), 10u);
  EXPECT_EQ(ranking[0].pooled.samples_ns.size(), 30u);
}

TEST(Race, RoundsCanBeReadFromThePooledSamples) {
  int count = 0;
  FakeDevice device(4, [&](const Job&) { return noisy(1000, count); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"a", "b"}), 10, 1);
  finish(race);
  for (const Race::Entrant& entrant : race.ranking()) {
    EXPECT_EQ(round_medians(entrant.pooled), entrant.medians_ns);
  }
  Measurement pooled;
  pooled.samples_ns = {1, 2, 3};
  EXPECT_TRUE(round_medians(pooled).empty()) << "not of a race";
  for (const double wrong : {0.0, -1.0, 1.5, 2.0, 4.0, std::numeric_limits<double>::quiet_NaN()}) {
    pooled.metrics["rounds"] = wrong;
    EXPECT_TRUE(round_medians(pooled).empty()) << wrong;
  }
}

TEST(Race, SaysByHowMuchOneIsSlowerWithAnInterval) {
  int count = 0;
  FakeDevice device(
      4, [&](const Job& job) { return noisy(job.configuration == "slow" ? 1050 : 1000, count); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"slow", "fast"}), 10, 1);
  finish(race);
  const std::vector<Race::Entrant> ranking = race.ranking();
  const auto slower = Race::slower(ranking[0], ranking[1]);
  ASSERT_TRUE(slower);
  EXPECT_LT(slower->low, 1.05);
  EXPECT_GT(slower->high, 1.05);
  EXPECT_LT(slower->high - slower->low, 0.01);
  // By hand: of nine ratios, the second and the second last enclose the median with 96 %.
  Race::Entrant first, second;
  first.medians_ns = std::vector<double>(9, 100);
  second.medians_ns = {105, 99, 103, 101, 104, 180, 106, 102, 107};
  const auto by_hand = Race::slower(first, second);
  ASSERT_TRUE(by_hand);
  EXPECT_DOUBLE_EQ(by_hand->low, 1.01);
  EXPECT_DOUBLE_EQ(by_hand->high, 1.07);
}

TEST(Race, FewerThanSixRoundsTellNothingApart) {
  std::vector<Race::Entrant> ranking(2);
  ranking[0].medians_ns = std::vector<double>(5, 100);
  ranking[1].medians_ns = std::vector<double>(5, 150);
  EXPECT_FALSE(Race::slower(ranking[0], ranking[1]));
  EXPECT_EQ(Race::tied(ranking), 2u);
  for (Race::Entrant& entrant : ranking) entrant.medians_ns.push_back(entrant.medians_ns.front());
  EXPECT_TRUE(Race::slower(ranking[0], ranking[1]));
  EXPECT_EQ(Race::tied(ranking), 1u);
}

// A race in which one round of the faster entrant takes 1.5 times as long. Each round has `samples`
// samples.
std::vector<Race::Entrant> with_one_bad_round(double slower, std::size_t samples) {
  int count = 0;
  FakeDevice device(1, [&](const Job& job) {
    Measurement measurement;
    double time_ns = 1000 + count % 3;
    if (job.configuration == "fast" && count == 7) time_ns *= 1.5;
    if (job.configuration == "slow") time_ns *= slower;
    const bool is_long = job.configuration == "fast" && count++ == 7;
    measurement.samples_ns.assign(is_long ? samples : 5, time_ns);
    measurement.smem_bytes = job.configuration == "slow" ? 0 : 1024;
    return measurement;
  });
  JobRunner runner(device);
  Race race(runner, jobs_named({"slow", "fast"}), race_rounds, 1);
  finish(race);
  return race.ranking();
}

TEST(Race, OneBadRoundDoesNotTieASlowerKernel) {
  const std::vector<Race::Entrant> ranking = with_one_bad_round(1.01, 5);
  EXPECT_EQ(ranking[0].job.configuration, "fast");
  EXPECT_EQ(Race::tied(ranking), 1u);
}

TEST(Race, ARoundWithManySamplesCountsOnce) {
  const std::vector<Race::Entrant> ranking = with_one_bad_round(1.01, 500);
  EXPECT_EQ(ranking[0].job.configuration, "fast");
  EXPECT_EQ(ranking[0].pooled.samples_ns.size(), 45u);
  EXPECT_LT(ranking[0].pooled.median_ns(), 1003);
}

TEST(Race, ATieIsNotWonFromBeyondTheIntervalOfTheBest) {
  std::vector<Race::Entrant> ranking(4);
  const auto set = [&](std::size_t at, const char* name, int smem_bytes, double median_ns) {
    ranking[at].job.configuration = name;
    ranking[at].pooled.smem_bytes = smem_bytes;
    for (int i = -4; i <= 4; ++i) ranking[at].pooled.samples_ns.push_back(median_ns + i);
  };
  set(0, "best", 4096, 1000);  // its interval is 997 to 1003
  set(1, "as good", 2048, 1003);
  set(2, "slower", 1024, 1004);
  set(3, "least needy", 0, 1010);
  Race::break_ties(ranking, 4);
  std::vector<std::string> order;
  for (const Race::Entrant& entrant : ranking) order.push_back(entrant.job.configuration);
  EXPECT_EQ(order, (std::vector<std::string>{"as good", "best", "slower", "least needy"}));
}

TEST(Race, InterleavesAndShufflesItsRounds) {
  FakeDevice device(4, [](const Job&) { return measured(1000); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"a", "b", "c", "d"}), 8, 3);
  finish(race);
  ASSERT_EQ(device.submitted.size(), 32u);
  EXPECT_EQ(device.most_queued, 4u) << "the first round compiles at the same time";
  std::set<std::string> orders;
  for (std::size_t round = 0; round < 8; ++round) {
    std::string order;
    for (std::size_t i = 0; i < 4; ++i) order += device.submitted[4 * round + i].configuration;
    std::string sorted = order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, "abcd");
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 3u);
}

TEST(Race, LaterRoundsRunOneJobAtATime) {
  FakeDevice device(4, [](const Job&) { return measured(1000); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"a", "b", "c"}), 8, 3);
  while (race.rounds_done() < 1) race.step({});
  device.most_queued = 0;
  finish(race);
  EXPECT_EQ(device.submitted.size(), 24u);
  EXPECT_EQ(device.most_queued, 1u);
}

TEST(Race, EntrantsThatAreCertainlySlowerLeaveAfterSixRounds) {
  std::map<std::string, int> count;
  FakeDevice device(4, [&](const Job& job) {
    const int round = count[job.configuration]++;
    if (job.configuration == "library") return measured(900);  // faster than all
    if (job.configuration == "slow") return measured(1030);
    if (job.configuration == "slower") return measured(2000);
    // In one round as fast as the fastest: not certain.
    if (job.configuration == "unsure") return measured(round == 2 ? 1000 : 1050);
    return measured(1000);
  });
  std::vector<Job> jobs = jobs_named({"slow", "fast", "slower", "unsure", "library"});
  jobs.back().purpose = Purpose::baseline;
  JobRunner runner(device);
  Race race(runner, std::move(jobs), race_rounds, 1);
  finish(race);
  EXPECT_EQ(count.at("slow"), 6);
  EXPECT_EQ(count.at("slower"), 6);
  EXPECT_EQ(count.at("fast"), 9);
  EXPECT_EQ(count.at("unsure"), 9);
  EXPECT_EQ(count.at("library"), 9);
  EXPECT_EQ(race.rounds_done(), race_rounds);
  std::vector<Race::Entrant> ranking = race.ranking();
  std::erase_if(ranking, [](const auto& one) { return one.job.purpose == Purpose::baseline; });
  EXPECT_EQ(ranking[0].job.configuration, "fast");
  EXPECT_EQ(ranking[3].job.configuration, "slower");
  EXPECT_EQ(Race::tied(ranking), 1u);
  const auto slower = Race::slower(ranking[0], ranking[3]);
  ASSERT_TRUE(slower) << "six rounds give an interval";
  EXPECT_DOUBLE_EQ(slower->low, 2);
}

TEST(Race, AnEntrantThatFailsIsOutAndTheOthersGoOn) {
  int count = 0;
  FakeDevice device(4, [&](const Job& job) {
    if (job.configuration != "flaky" || ++count < 3)
      return measured(job.configuration == "a" ? 10 : 5);
    Measurement failed;
    failed.outcome = Outcome::wrong_result;
    return failed;
  });
  JobRunner runner(device);
  Race race(runner, jobs_named({"flaky", "a"}), 7, 1);
  finish(race);
  const std::vector<Race::Entrant> ranking = race.ranking();
  EXPECT_EQ(ranking[0].job.configuration, "a");
  EXPECT_EQ(ranking[1].pooled.outcome, Outcome::wrong_result);
  EXPECT_EQ(Race::tied(ranking), 1u);
  EXPECT_EQ(count, 3);
}

TEST(Race, AnInterruptedRaceRanksByItsWholeRounds) {
  FakeDevice device(4, [](const Job& job) { return measured(job.configuration == "a" ? 10 : 12); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"a", "b"}), 5, 1);
  for (int i = 0; i < 2; ++i) race.step({});
  EXPECT_GE(race.rounds_done(), 1);
  EXPECT_LT(race.rounds_done(), 5);
  EXPECT_EQ(race.ranking()[0].job.configuration, "a");
}

TEST(Race, OfTheTiedTheLeastNeedyIsFirst) {
  std::vector<Race::Entrant> ranking(5);
  const auto set = [&](std::size_t at, const char* name, int smem_bytes, int registers) {
    ranking[at].job.configuration = name;
    ranking[at].pooled.smem_bytes = smem_bytes;
    ranking[at].pooled.registers = registers;
  };
  set(0, "fastest", 2048, 32);
  set(1, "b", 1024, 64);
  set(2, "a", 1024, 64);
  set(3, "few registers", 1024, 40);
  set(4, "slower", 0, 16);
  Race::break_ties(ranking, 4);
  std::vector<std::string> order;
  for (const Race::Entrant& entrant : ranking) order.push_back(entrant.job.configuration);
  EXPECT_EQ(order, (std::vector<std::string>{"few registers", "a", "b", "fastest", "slower"}));
}

// One entrant is faster, the other uses less energy.
Measurement with_energy(const Job& job, int count) {
  const bool is_fast = job.configuration == "fast";
  Measurement measurement = measured(is_fast ? 1000 : 1100);
  const double noise = 1 + 0.002 * ((count * 7) % 5 - 2);
  measurement.energy_mj = (is_fast ? 12 : 10) * noise;
  measurement.mean_power_w = 300;
  return measurement;
}

TEST(Race, RanksByTheObjective) {
  const std::pair<Objective, const char*> cases[] = {
      {Objective::time, "fast"}, {Objective::energy, "frugal"}, {Objective::time_energy, "frugal"}};
  for (const auto& [objective, winner] : cases) {
    int count = 0;
    FakeDevice device(4, [&](const Job& job) { return with_energy(job, count++); });
    JobRunner runner(device);
    Race race(runner, jobs_named({"fast", "frugal"}), race_rounds, 1, 0, objective);
    finish(race);
    std::vector<Race::Entrant> ranking = race.ranking();
    EXPECT_EQ(ranking[0].job.configuration, winner) << name_of(objective);
    EXPECT_EQ(Race::tied(ranking), 1u) << name_of(objective);
    Race::note_slower(ranking);
    const double ratio = objective == Objective::time     ? 1.1
                         : objective == Objective::energy ? 1.2
                                                          : 1.2 / 1.1;
    EXPECT_NEAR(slower_than_fastest(ranking[1].pooled)->low, ratio, 0.02) << name_of(objective);
  }
}

TEST(Race, PoolsTheEnergiesOfItsRoundsWithTheirInterval) {
  int count = 0;
  FakeDevice device(4, [&](const Job& job) { return with_energy(job, count++); });
  JobRunner runner(device);
  Race race(runner, jobs_named({"fast"}), 5, 1, 0, Objective::energy);
  finish(race);
  const Measurement pooled = race.ranking()[0].pooled;
  EXPECT_DOUBLE_EQ(pooled.energy_mj, 12);
  EXPECT_DOUBLE_EQ(pooled.mean_power_w, 300);
  const auto interval = energy_interval(pooled);
  ASSERT_TRUE(interval);
  EXPECT_DOUBLE_EQ(interval->low, 12 * 0.996);
  EXPECT_DOUBLE_EQ(interval->high, 12 * 1.004);
}

TEST(Race, ATieOfEnergiesIsNotWonFromBeyondTheirInterval) {
  std::vector<Race::Entrant> ranking(3);
  const auto set = [&](std::size_t at, const char* name, int smem_bytes, double mj) {
    ranking[at].job.configuration = name;
    ranking[at].pooled.smem_bytes = smem_bytes;
    ranking[at].pooled.samples_ns = {1000};
    for (int i = -4; i <= 4; ++i) ranking[at].values.push_back(mj + i);
  };
  set(0, "best", 4096, 1000);  // its interval is 997 to 1003
  set(1, "as good", 2048, 1003);
  set(2, "worse", 1024, 1004);
  Race::break_ties(ranking, 3);
  EXPECT_EQ(ranking[0].job.configuration, "as good");
  EXPECT_EQ(ranking[2].job.configuration, "worse");
}

}  // namespace
}  // namespace tw
