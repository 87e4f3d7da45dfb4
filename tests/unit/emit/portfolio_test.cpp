// The choice of the configurations that a header keeps, and the times that it rests on.
#include "emit/portfolio/portfolio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/catalog/catalog.h"
#include "emit/portfolio/measured.h"
#include "unit/db/fixture.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double unknown = not_measured;

// Returns slowdowns of which some are not measured. Each problem has one of 1.
Slowdowns drawn(std::mt19937_64& random, std::size_t problems, std::size_t configurations) {
  Slowdowns all(problems, std::vector<double>(configurations));
  for (std::vector<double>& row : all) {
    for (double& one : row) {
      one = random() % 4 == 0 ? unknown : 1 + static_cast<double>(random() % 50) / 100;
    }
    row[random() % configurations] = 1;
  }
  return all;
}

struct Best {
  double worst = unknown, mean = unknown;
};

// Returns the code of a set of configurations.
std::int64_t bytes_of(unsigned set, const PortfolioBudget& budget) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < budget.bytes.size(); ++i) {
    if (set >> i & 1) bytes += budget.bytes[i];
  }
  return bytes;
}

// Returns the number of configurations of a set.
std::size_t count_of(unsigned set, const PortfolioBudget& budget) {
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < 32; ++i) {
    if (set >> i & 1) all.insert(budget.configuration_of(i));
  }
  return all.size();
}

// Looks at all sets of configurations within the budget.
Best best_of_all(const Slowdowns& slowdowns, const PortfolioBudget& budget) {
  Best best;
  for (unsigned set = 1; set < 1u << slowdowns.front().size(); ++set) {
    if (count_of(set, budget) > budget.most) continue;
    if (bytes_of(set, budget) > budget.most_bytes) continue;
    double worst = 1, sum = 0;
    for (const std::vector<double>& row : slowdowns) {
      double least = unknown;
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (set >> i & 1) least = std::min(least, row[i]);
      }
      worst = std::max(worst, least);
      sum += least;
    }
    const double mean = sum / static_cast<double>(slowdowns.size());
    if (worst < best.worst || (worst == best.worst && mean < best.mean)) best = {worst, mean};
  }
  return best;
}

TEST(Portfolio, IsTheBestOfAll) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const Slowdowns slowdowns = drawn(random, 1 + random() % 12, 1 + random() % 10);
    for (std::size_t most = 1; most <= 5; ++most) {
      const Best best = best_of_all(slowdowns, {.most = most});
      const Portfolio portfolio = portfolio_of(slowdowns, most);
      EXPECT_TRUE(portfolio.is_optimal);
      if (best.worst == unknown) {
        EXPECT_TRUE(portfolio.members.empty());
        continue;
      }
      EXPECT_LE(portfolio.members.size(), most);
      EXPECT_DOUBLE_EQ(portfolio.worst, best.worst);
      EXPECT_NEAR(portfolio.mean, best.mean, 1e-12);
    }
  }
}

std::int64_t bytes_of(const Portfolio& portfolio, const PortfolioBudget& budget) {
  std::int64_t bytes = 0;
  for (const std::size_t member : portfolio.members) bytes += budget.bytes[member];
  return bytes;
}

std::size_t count_of(const Portfolio& portfolio, const PortfolioBudget& budget) {
  unsigned set = 0;
  for (const std::size_t member : portfolio.members) set |= 1u << member;
  return count_of(set, budget);
}

// Returns a budget in which some columns are codes of one configuration.
PortfolioBudget drawn_budget(std::mt19937_64& random, std::size_t columns) {
  PortfolioBudget budget;
  const bool is_shared = random() % 2 == 0;
  for (std::size_t i = 0; i < columns; ++i) {
    budget.bytes.push_back(static_cast<std::int64_t>(1 + random() % 9));
    if (is_shared) budget.configuration.push_back(random() % 5);
  }
  return budget;
}

TEST(Portfolio, WithinSomeBytesIsTheBestOfAll) {
  std::mt19937_64 random(4);
  int none = 0;
  for (int round = 0; round < 300; ++round) {
    const Slowdowns slowdowns = drawn(random, 1 + random() % 12, 1 + random() % 10);
    PortfolioBudget budget = drawn_budget(random, slowdowns.front().size());
    budget.most_bytes = static_cast<std::int64_t>(1 + random() % 30);
    if (round % 3 == 0) budget.most = 1 + random() % 4;
    const Best best = best_of_all(slowdowns, budget);
    const Portfolio portfolio = portfolio_of(slowdowns, budget);
    EXPECT_TRUE(portfolio.is_optimal);
    if (best.worst == unknown) {
      ++none;
      EXPECT_TRUE(portfolio.members.empty());
      continue;
    }
    EXPECT_LE(bytes_of(portfolio, budget), budget.most_bytes);
    EXPECT_LE(count_of(portfolio, budget), budget.most);
    EXPECT_DOUBLE_EQ(portfolio.worst, best.worst);
    EXPECT_NEAR(portfolio.mean, best.mean, 1e-12);
    // As few as possible that lose no more; all sets of fewer lose more.
    const Portfolio fewest = portfolio_within(slowdowns, best.worst, budget);
    EXPECT_LE(fewest.worst, best.worst);
    EXPECT_LE(bytes_of(fewest, budget), budget.most_bytes);
    PortfolioBudget fewer = budget;
    fewer.most = count_of(fewest, budget) - 1;
    EXPECT_GT(best_of_all(slowdowns, fewer).worst, best.worst);
  }
  EXPECT_GT(none, 10);
}

TEST(Portfolio, TheSmallestHasTheLeastBytes) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    const Slowdowns slowdowns = drawn(random, 1 + random() % 12, 1 + random() % 10);
    PortfolioBudget budget = drawn_budget(random, slowdowns.front().size());
    if (round % 3 == 0) budget.most = 1 + random() % 4;
    const double worst = 1 + static_cast<double>(random() % 50) / 100;
    const Portfolio smallest = smallest_portfolio(slowdowns, worst, budget);
    EXPECT_TRUE(smallest.is_optimal);
    budget.most_bytes = 1000;
    if (!smallest.members.empty()) {
      EXPECT_LE(smallest.worst, worst);
      EXPECT_LE(count_of(smallest, budget), budget.most);
      budget.most_bytes = bytes_of(smallest, budget) - 1;
    }
    EXPECT_GT(best_of_all(slowdowns, budget).worst, worst);
  }
}

// Many problems: the search is cut short, and what it finds still is within the budget.
TEST(Portfolio, OfManyWithinSomeBytesHoldsItsLimit) {
  std::mt19937_64 random(6);
  Slowdowns slowdowns(60, std::vector<double>(100));
  PortfolioBudget budget{.most_bytes = 800};
  for (std::size_t i = 0; i < 100; ++i) {
    budget.bytes.push_back(static_cast<std::int64_t>(50 + random() % 100));
  }
  for (std::vector<double>& row : slowdowns) {
    for (double& one : row) one = 1 + static_cast<double>(random() % 1000) / 1000;
    row[random() % 100] = 1;
  }
  const Portfolio portfolio = portfolio_of(slowdowns, budget);
  ASSERT_FALSE(portfolio.members.empty());
  EXPECT_FALSE(portfolio.is_optimal);
  EXPECT_LE(bytes_of(portfolio, budget), 800);
  EXPECT_LE(portfolio.worst, portfolio_of(slowdowns, 5).worst) << "five of any size fit";
}

TEST(Portfolio, EachProblemTakesItsFastestMember) {
  const Slowdowns slowdowns{{1, 1.5, 1.1, unknown}, {1.4, 1, 1.2, unknown}, {unknown, 2, 3, 1}};
  const Portfolio three = portfolio_of(slowdowns, 3);
  EXPECT_THAT(three.members, ElementsAre(0, 1, 3));
  EXPECT_THAT(three.choice, ElementsAre(0, 1, 3));
  EXPECT_EQ(three.worst, 1);
  const Portfolio two = portfolio_of(slowdowns, 2);
  EXPECT_THAT(two.members, ElementsAre(2, 3));
  EXPECT_THAT(two.choice, ElementsAre(2, 2, 3));
  EXPECT_EQ(two.worst, 1.2);
  EXPECT_THAT(two.mean, DoubleNear(3.3 / 3, 1e-12));
  EXPECT_THAT(portfolio_of(slowdowns, 1).members, ElementsAre(1));
}

TEST(Portfolio, TheSmallestWithinALimit) {
  const Slowdowns slowdowns{{1, 1.04, 1.2}, {1.5, 1.02, 1.3}, {1.6, 1.2, 1}};
  EXPECT_EQ(portfolio_within(slowdowns, 1).members.size(), 3u);
  EXPECT_THAT(portfolio_within(slowdowns, 1.05).members, ElementsAre(1, 2));
  EXPECT_THAT(portfolio_within(slowdowns, 1.25).members, ElementsAre(1));
}

TEST(Portfolio, TheSmallestOfManyIsFoundAndHoldsItsLimit) {
  std::mt19937_64 random(3);
  Slowdowns slowdowns(25, std::vector<double>(150));
  for (std::vector<double>& row : slowdowns) {
    for (double& one : row) one = random() % 4 ? 1 + static_cast<double>(random() % 500) / 500 : 9;
    row[random() % 150] = 1;
  }
  const Portfolio loose = portfolio_within(slowdowns, 1.5), tight = portfolio_within(slowdowns, 1);
  EXPECT_LE(loose.worst, 1.5);
  EXPECT_EQ(tight.worst, 1);
  EXPECT_LT(loose.members.size(), tight.members.size());
}

// Many problems and configurations: the search is cut short, and says so.
TEST(Portfolio, OfManyIsGoodAndSaysThatABetterOneMayExist) {
  std::mt19937_64 random(2);
  Slowdowns slowdowns(60, std::vector<double>(100));
  for (std::vector<double>& row : slowdowns) {
    for (double& one : row) one = 1 + static_cast<double>(random() % 1000) / 1000;
    row[random() % 100] = 1;
  }
  const Portfolio portfolio = portfolio_of(slowdowns, 8);
  EXPECT_EQ(portfolio.members.size(), 8u);
  EXPECT_FALSE(portfolio.is_optimal);
  for (int draw = 0; draw < 500; ++draw) {
    double worst = 1;
    std::vector<std::size_t> members(8);
    for (std::size_t& member : members) member = random() % 100;
    for (const std::vector<double>& row : slowdowns) {
      double least = unknown;
      for (const std::size_t member : members) least = std::min(least, row[member]);
      worst = std::max(worst, least);
    }
    EXPECT_LE(portfolio.worst, worst);
  }
}

class MeasuredTimesTest : public DbTest {
 protected:
  // gemm, whose kernels have one knob: x.
  static OpEntry entry() {
    OpEntry entry = emit_fixture::builtin_catalog().at("gemm");
    for (KernelSpec& kernel : entry.kernels) {
      kernel.knobs.resize(1);
      kernel.knobs[0] = {};
      kernel.knobs[0].name = "x";
      kernel.knobs[0].values = {1, 2, 3, 4, 5};
    }
    return entry;
  }
  static Context of(int m, const std::string& kernel = "simt") {
    Context one = context(kernel);
    one.situation.problem = "gemm f32 m=" + std::to_string(m) + ",n=64,k=64,layout=nt";
    return one;
  }
  void add(Store& store, const Context& context, const std::string& configuration,
           const Measurement& measurement) {
    RunInfo run = run_info();
    run.context = context;
    store.append(store.begin_run(run), TrialKind::search, context, configuration, measurement);
  }
  double slowdown(const MeasuredTimes& times, std::size_t winner, const std::string& kernel,
                  const std::string& configuration) const {
    for (std::size_t i = 0; i < times.candidates.size(); ++i) {
      const Candidate& one = times.candidates[i];
      if (one.kernel != kernel || one.configuration != configuration) continue;
      const double found = times.slowdowns[winner][i];
      EXPECT_EQ(times.trial_of[winner][i] < 0, found == not_measured);
      if (found != not_measured) {
        const Trial& trial =
            times.trials[winner][static_cast<std::size_t>(times.trial_of[winner][i])];
        EXPECT_EQ(trial.configuration, configuration);
      }
      return found;
    }
    ADD_FAILURE() << kernel << " " << configuration;
    return 0;
  }
};

TEST_F(MeasuredTimesTest, CompareSearchesWithSearchesAndRacesWithRaces) {
  Store store = this->store();
  const Context first = of(64);
  add(store, first, "x=1", ok(1000));
  add(store, first, "x=2", ok(1100));
  add(store, first, "x=3", ok(1500));
  add(store, first, "x=4", failed(Outcome::wrong_result, "y[0]"));
  add(store, first, "x=6", ok(1050));  // of an earlier version of the kernel
  add(store, of(64, "mma"), "x=5", ok(2000));
  // The race was at a lower clock, and found b faster.
  RunInfo run = run_info();
  run.context = first;
  store.append_race(store.begin_run(run), {{first, "x=2", ok(1250)}, {first, "x=1", ok(1300)}}, 1);
  add(store, of(128), "x=3", ok(3000));
  add(store, of(128), "x=2", ok(3300));
  const std::vector<Winner> winners = store.winners({.op = "gemm"});
  ASSERT_EQ(winners.size(), 2u);
  const std::size_t small = winners[0].trial.configuration == "x=2" ? 0 : 1, large = 1 - small;
  const MeasuredTimes times = measured_times(store, entry(), winners);
  EXPECT_EQ(times.candidates.size(), 4u);
  EXPECT_EQ(times.groups(), 1u);
  EXPECT_EQ(slowdown(times, small, "simt", "x=2"), 1);
  EXPECT_DOUBLE_EQ(slowdown(times, small, "simt", "x=1"), 1300.0 / 1250);
  EXPECT_DOUBLE_EQ(slowdown(times, small, "simt", "x=3"), 1500.0 / 1100);
  EXPECT_DOUBLE_EQ(slowdown(times, small, "mma", "x=5"), 2000.0 / 1100);
  EXPECT_EQ(slowdown(times, large, "simt", "x=3"), 1);
  EXPECT_DOUBLE_EQ(slowdown(times, large, "simt", "x=2"), 1.1);
  EXPECT_EQ(slowdown(times, large, "simt", "x=1"), not_measured);
}

// A configuration that is compiled for one layout does not serve another one.
TEST_F(MeasuredTimesTest, ChoicesAreApart) {
  Store store = this->store();
  Context other = of(64);
  other.situation.problem = "gemm f32 m=64,n=64,k=64,layout=nn";
  add(store, of(64), "x=1", ok(1000));
  add(store, other, "x=1", ok(1000));
  const MeasuredTimes times = measured_times(store, entry(), store.winners({.op = "gemm"}));
  EXPECT_EQ(times.candidates.size(), 2u);
  EXPECT_EQ(times.groups(), 2u);
  EXPECT_TRUE(portfolio_of(times.slowdowns, 1).members.empty());
  EXPECT_EQ(portfolio_of(times.slowdowns, 2).members.size(), 2u);
}

// The winner by energy is the slowest one here. What has no energy is not compared.
TEST_F(MeasuredTimesTest, AnotherObjectiveIsComparedByItsOwnValues) {
  Store store = this->store();
  const auto with_energy = [](double ns, double mj) {
    Measurement measurement = ok(ns);
    measurement.energy_mj = mj;
    return measurement;
  };
  add(store, of(64), "x=1", with_energy(1000, 60));
  add(store, of(64), "x=2", with_energy(2000, 40));
  add(store, of(64), "x=3", with_energy(1500, 50));
  add(store, of(64), "x=4", ok(900));
  RunInfo run = run_info();
  run.context = of(64);
  run.objective = Objective::energy;
  store.append_race(
      store.begin_run(run),
      {{of(64), "x=2", with_energy(2000, 42)}, {of(64), "x=3", with_energy(1500, 63)}}, 1);
  const std::vector<Winner> winners = store.winners({.op = "gemm", .objective = Objective::energy});
  ASSERT_EQ(winners.size(), 1u);
  ASSERT_EQ(winners[0].trial.configuration, "x=2");
  const MeasuredTimes values = measured_times(store, entry(), winners, Objective::energy);
  EXPECT_EQ(values.candidates.size(), 3u);
  EXPECT_EQ(slowdown(values, 0, "simt", "x=2"), 1);
  EXPECT_DOUBLE_EQ(slowdown(values, 0, "simt", "x=1"), 1.5) << "by the searches";
  EXPECT_DOUBLE_EQ(slowdown(values, 0, "simt", "x=3"), 1.5) << "by the race";
}

// Times under another driver or of other sources are not compared.
TEST_F(MeasuredTimesTest, OnlyTheWinnersSituationCounts) {
  Store store = this->store();
  Context older = of(64);
  older.situation.driver = "570.1";
  add(store, older, "x=1", ok(500));
  Context source = of(64);
  source.code.source_digest = "d0";
  add(store, source, "x=2", ok(600));
  add(store, of(64), "x=3", ok(1000));
  const MeasuredTimes times = measured_times(store, entry(), store.winners({.op = "gemm"}));
  ASSERT_EQ(times.candidates.size(), 1u);
  EXPECT_EQ(times.candidates[0].configuration, "x=3");
}

}  // namespace
}  // namespace tw
