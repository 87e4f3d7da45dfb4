#include "search/driver.h"

#include <gtest/gtest.h>

#include "unit/search/test_spaces.h"

namespace tw {
namespace {

struct Search {
  explicit Search(FakeDevice& device, const SearchSpace& space,
                  const std::string& strategy_name = "local", double floor_ns = 0,
                  SearchTask task = {})
      : strategy(make_strategy(strategy_name, space, 5)), jobs(device) {
    task.space = &space;
    task.strategy = strategy.get();
    task.kernel_name = "fake";
    task.floor_ns = floor_ns;
    driver = std::make_unique<Driver>(jobs, std::move(task));
  }
  std::vector<std::size_t> run(std::int64_t budget) {
    std::vector<std::size_t> order;
    while (!driver->exhausted() && static_cast<std::int64_t>(order.size()) < budget) {
      const std::int64_t may_start =
          budget - static_cast<std::int64_t>(order.size()) - driver->outstanding();
      for (const Driver::Result& result : driver->step(may_start, {}))
        order.push_back(result.index);
    }
    return order;
  }
  std::unique_ptr<Strategy> strategy;
  JobRunner jobs;
  std::unique_ptr<Driver> driver;
};

auto bowl_of(const SearchSpace& space) {
  return [&space](const Job& job) {
    const Configuration configuration = configuration_from(space.knobs(), job.configuration);
    return measured(bowl_ns(space, *space.find(configuration)));
  };
}

TEST(Driver, KeepsTheDeviceFullAndStopsAtTheBudget) {
  const SearchSpace space = grid_space(3, 6);
  FakeDevice device(8, bowl_of(space));
  Search search(device, space);
  EXPECT_EQ(search.run(50).size(), 50u);
  EXPECT_EQ(device.submitted.size(), 50u);
  EXPECT_EQ(device.most_queued, 8u);
}

TEST(Driver, TellsInAskOrderWhateverOrderTheDeviceAnswersIn) {
  const SearchSpace space = grid_space(4, 6);
  FakeDevice in_order(6, bowl_of(space), false), backwards(6, bowl_of(space), true);
  Search first(in_order, space), second(backwards, space);
  EXPECT_EQ(first.run(120), second.run(120));
}

TEST(Driver, EndsWhenTheSpaceIsExhausted) {
  const SearchSpace space = grid_space(2, 3);
  FakeDevice device(4, bowl_of(space));
  Search search(device, space, "random");
  EXPECT_EQ(search.run(1000).size(), space.size());
  EXPECT_TRUE(search.driver->exhausted());
}

TEST(Driver, PassesOnTheIncumbentAndIgnoresFailures) {
  const SearchSpace space = grid_space(1, 4);
  FakeDevice device(1, [](const Job& job) {
    Measurement failed;
    failed.outcome = Outcome::faulted;
    return job.configuration == "k0=1" ? failed : measured(job.configuration == "k0=0" ? 50 : 70);
  });
  Search search(device, space, "exhaustive");
  search.run(4);
  ASSERT_EQ(device.submitted.size(), 4u);
  EXPECT_EQ(device.submitted[0].incumbent_ns, 0);
  EXPECT_EQ(device.submitted[1].incumbent_ns, 50);
  EXPECT_EQ(device.submitted[3].incumbent_ns, 50);
}

TEST(Driver, WhatIsTooGoodToBeTrueNeitherBoundsNorLeadsTheSearch) {
  const SearchSpace space = grid_space(1, 4);
  FakeDevice device(1,
                    [](const Job& job) { return measured(job.configuration == "k0=0" ? 9 : 70); });
  Search search(device, space, "exhaustive", 10);
  const std::vector<Driver::Result> first = search.driver->step(1, {});
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(first[0].measurement.note, "9 ns is faster than the device's roofline of 10 ns");
  EXPECT_EQ(search.driver->incumbent_ns(), 0);
  search.run(3);
  EXPECT_EQ(device.submitted.at(1).incumbent_ns, 0);
  EXPECT_EQ(search.driver->incumbent_ns(), 70);
}

TEST(Driver, WhatIsProvenToBeSlowerIsNotMeasuredAndCostsNothing) {
  const SearchSpace space = grid_space(1, 6);
  FakeDevice device(
      1, [](const Job& job) { return measured(job.configuration == "k0=0" ? 5000 : 9000); });
  SearchTask task;
  task.least_time = [](std::span<const std::int64_t> configuration) {
    return LeastTime{configuration[0] % 2 == 1 ? 6000.0 : 5000.0, "its sums"};
  };
  Search search(device, space, "exhaustive", 0, task);
  std::vector<Driver::Result> results = search.driver->step(1, {});
  EXPECT_EQ(device.submitted.size(), 1u);
  // One evaluation may start. Configurations that are pruned before it do not count.
  for (const Driver::Result& result : search.driver->step(1, {})) results.push_back(result);
  EXPECT_EQ(results.back().measurement.note, "takes at least 6 us for its sums; 5 us is known");
  EXPECT_EQ(device.submitted.size(), 2u);
  while (!search.driver->exhausted()) {
    for (const Driver::Result& result : search.driver->step(9, {})) results.push_back(result);
  }
  EXPECT_EQ(device.submitted.size(), 3u);  // 0, 2 and 4
  ASSERT_EQ(results.size(), 6u);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].index, i);
    EXPECT_EQ(results[i].measurement.outcome, i % 2 == 1 ? Outcome::pruned : Outcome::ok);
  }
  EXPECT_EQ(search.driver->incumbent_ns(), 5000);
}

TEST(Driver, WithoutAKnownTimeNothingIsPruned) {
  const SearchSpace space = grid_space(1, 4);
  FakeDevice device(4, [](const Job&) { return measured(5000); });
  SearchTask task;
  task.least_time = [](std::span<const std::int64_t>) { return LeastTime{6000, "its sums"}; };
  Search search(device, space, "exhaustive", 0, task);
  search.driver->step(4, {});
  EXPECT_EQ(device.submitted.size(), 4u);
}

TEST(Driver, WhatIsKnownCostsNothingAndIsNotAskedForAgain) {
  const SearchSpace space = grid_space(2, 4);
  FakeDevice device(2, bowl_of(space));
  Search search(device, space, "exhaustive");
  const std::vector<Evaluation> known{{0, 900}, {1, 800}, {2, 950}};
  search.driver->tell_known(known);
  EXPECT_EQ(search.driver->incumbent_ns(), 800);
  const std::vector<std::size_t> order = search.run(1000);
  EXPECT_EQ(order.size(), space.size() - 3);
  EXPECT_EQ(order.front(), 3u);
}

// The slowest configuration uses the least energy.
TEST(Driver, TellsTheValuesOfTheObjectiveAndBoundsNoEnergiesByTimes) {
  const SearchSpace space = grid_space(1, 4);
  FakeDevice device(1, [](const Job& job) {
    Measurement measurement = measured(50.0 + 10 * (job.configuration.back() - '0'));
    measurement.energy_mj = 1000 / measurement.median_ns();
    return measurement;
  });
  SearchTask task;
  task.objective = Objective::energy;
  task.least_time = [](std::span<const std::int64_t>) {
    return LeastTime{.ns = 1e9, .reason = ""};
  };
  Search search(device, space, "exhaustive", 0, std::move(task));
  EXPECT_EQ(search.run(4).size(), 4u);
  ASSERT_EQ(device.submitted.size(), 4u) << "nothing is pruned";
  for (const Job& job : device.submitted) EXPECT_EQ(job.incumbent_ns, 0);
}

}  // namespace
}  // namespace tw
