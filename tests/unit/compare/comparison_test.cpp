// Comparisons of two databases with invented rows.
#include "compare/comparison.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/db/fixture.h"

namespace tw {
namespace {

class CompareTest : public DbTest {
 protected:
  static Context at(const std::string& problem, const std::string& driver = "580.159",
                    const std::string& digest = "d1") {
    Context one = context();
    one.situation.problem = problem;
    one.situation.driver = driver;
    one.code.source_digest = digest;
    return one;
  }
  // A measurement of nine samples; its interval is 0.75 per mille to both sides.
  static Measurement around(double ns) {
    Measurement measurement;
    for (int i = -4; i <= 4; ++i) measurement.samples_ns.push_back(ns * (1 + i * 0.00025));
    return measurement;
  }
  static void add(Store& store, const Context& where,
                  const std::vector<std::pair<std::string, double>>& times) {
    RunInfo info = run_info();
    info.context = where;
    info.commit = "c-" + where.situation.driver;
    const std::int64_t run = store.begin_run(info);
    for (const auto& [configuration, ns] : times) {
      store.append(run, TrialKind::search, where, configuration, around(ns));
    }
    store.end_run(run, RunEnd::finished);
  }
  Comparison compared(const Filter& filter = {}) const { return compare(a_, b_, filter); }

  Store a_ = Store::open(folder_ / "a.db", Store::Mode::read_write);
  Store b_ = Store::open(folder_ / "b.db", Store::Mode::read_write);
};

TEST_F(CompareTest, SaysHowTheWinnersDiffer) {
  add(a_, at("p1", "550"), {{"x=1", 1000}, {"x=2", 1100}});
  add(b_, at("p1", "580"), {{"x=1", 1000}, {"x=2", 900}});
  const Comparison found = compared();
  ASSERT_EQ(found.problems.size(), 1u);
  const ComparedProblem& one = found.problems.front();
  EXPECT_DOUBLE_EQ(one.ratio.ratio, 0.9);
  EXPECT_EQ(one.change, Change::faster);
  EXPECT_FALSE(one.has_same_winner());
  ASSERT_TRUE(one.a_in_b);
  EXPECT_EQ(one.a_in_b->configuration, "x=1");
  EXPECT_DOUBLE_EQ(one.a_in_b->measurement.median_ns(), 1000);
  EXPECT_EQ(one.a.commit, "c-550");
  EXPECT_EQ(one.b.commit, "c-580");
  EXPECT_DOUBLE_EQ(found.geometric_mean(), 0.9);
}

TEST_F(CompareTest, TheLargestChangeComesFirstInBothDirections) {
  for (const auto& [problem, ns] :
       {std::pair{"p1", 1000.5}, {"p2", 1200.0}, {"p3", 500.0}, {"p4", 990.0}}) {
    add(a_, at(problem), {{"x=1", 1000}});
    add(b_, at(problem), {{"x=1", ns}});
  }
  const Comparison found = compared();
  std::string order;
  for (const ComparedProblem& one : found.problems) {
    order += one.a.winner.trial.context.situation.problem + ' ' + std::string(name_of(one.change)) +
             "; ";
  }
  EXPECT_EQ(order, "p3 faster; p2 slower; p4 faster; p1 equal; ");
  EXPECT_EQ(found.count(Change::faster), 2u);
  EXPECT_EQ(found.count(Change::equal), 1u);
}

TEST_F(CompareTest, AThresholdIsExceededByTheWholeInterval) {
  add(a_, at("p1"), {{"x=1", 1000}});
  add(b_, at("p1"), {{"x=1", 1050}});
  const ComparedProblem one = compared().problems.front();
  ASSERT_TRUE(one.ratio.interval);
  EXPECT_LT(one.ratio.interval->low, 1.05);
  EXPECT_GT(one.ratio.interval->high, 1.05);
  EXPECT_TRUE(one.is_slower_by(0));
  EXPECT_TRUE(one.is_slower_by(0.045));
  EXPECT_FALSE(one.is_slower_by(0.05)) << "the interval reaches below";
  EXPECT_EQ(compared().slower_by(0.045), 1u);
}

TEST_F(CompareTest, APartOfADatabaseHasWinnersOfItsOwn) {
  add(a_, at("p1", "550"), {{"x=1", 1000}, {"x=2", 1100}});
  add(a_, at("p1", "580"), {{"x=1", 1000}, {"x=2", 900}});
  const std::int64_t run = a_.begin_run(run_info());
  a_.append_race(run,
                 {{at("p1", "580"), "x=2", around(890)}, {at("p1", "580"), "x=1", around(990)}}, 1);
  EXPECT_EQ(a_.values_of(Aspect::driver, {}), (std::vector<std::string>{"550", "580"}));
  EXPECT_EQ(a_.values_of(Aspect::toolkit, {}), (std::vector<std::string>{"NVRTC 13.0"}));
  const std::string path = folder_ / "a.db";
  const Store older = Store::open_part(path, Aspect::driver, "550");
  const Store newer = Store::open_part(path, Aspect::driver, "580");
  ASSERT_EQ(older.winners({}).size(), 1u);
  EXPECT_EQ(older.winners({}).front().trial.configuration, "x=1");
  const Comparison found = compare(older, newer, {});
  ASSERT_EQ(found.problems.size(), 1u);
  const ComparedProblem& one = found.problems.front();
  EXPECT_DOUBLE_EQ(one.ratio.ratio, 0.89);
  EXPECT_TRUE(one.b.winner.raced);
  ASSERT_TRUE(one.a_in_b);
  EXPECT_DOUBLE_EQ(one.a_in_b->measurement.median_ns(), 990);
}

TEST_F(CompareTest, FewSamplesDecideNothing) {
  add(a_, at("p1"), {{"x=1", 1000}});
  const std::int64_t run = b_.begin_run(run_info());
  Measurement few;
  few.samples_ns = {5000, 5001, 5002};
  b_.append(run, TrialKind::search, at("p1"), "x=1", few);
  const ComparedProblem one = compared().problems.front();
  EXPECT_EQ(one.change, Change::unknown);
  EXPECT_FALSE(one.is_slower_by(0));
}

TEST_F(CompareTest, AFailureOfAsWinnerIsSeen) {
  add(a_, at("p1", "550"), {{"x=1", 1000}, {"x=2", 1100}});
  add(b_, at("p1", "580"), {{"x=2", 1100}});
  const std::int64_t run = b_.begin_run(run_info());
  b_.append(run, TrialKind::search, at("p1", "580"), "x=1",
            failed(Outcome::faulted, "illegal address"));
  const ComparedProblem one = compared().problems.front();
  ASSERT_TRUE(one.a_in_b);
  EXPECT_EQ(one.a_in_b->measurement.outcome, Outcome::faulted);
}

TEST_F(CompareTest, WhatBMeasuredUnderOtherCircumstancesDoesNotCount) {
  add(a_, at("p1", "550"), {{"x=1", 1000}, {"x=2", 1100}});
  add(b_, at("p1", "550"), {{"x=1", 1001}});
  add(b_, at("p1", "580"), {{"x=2", 1100}});
  const ComparedProblem one = compared().problems.front();
  EXPECT_EQ(one.b.winner.trial.context.situation.driver, "580");
  EXPECT_FALSE(one.a_in_b);
}

TEST_F(CompareTest, ARaceOfAsWinnerCountsBeforeItsSearch) {
  add(a_, at("p1"), {{"x=1", 1000}});
  add(b_, at("p1"), {{"x=1", 980}, {"x=2", 1100}});
  const std::int64_t run = b_.begin_run(run_info());
  b_.append_race(run, {{at("p1"), "x=2", around(970)}, {at("p1"), "x=1", around(990)}}, 1);
  add(b_, at("p1"), {{"x=1", 960}});  // not raced
  const ComparedProblem one = compared().problems.front();
  EXPECT_EQ(one.b.winner.trial.configuration, "x=2");
  ASSERT_TRUE(one.a_in_b);
  EXPECT_DOUBLE_EQ(one.a_in_b->measurement.median_ns(), 990);
}

TEST_F(CompareTest, ANewSourceOfTheSameWinnerIsSeen) {
  add(a_, at("p1", "580.159", "d1"), {{"x=1", 1000}});
  add(b_, at("p1", "580.159", "d2"), {{"x=1", 1000}});
  const ComparedProblem one = compared().problems.front();
  EXPECT_TRUE(one.has_same_winner());
  EXPECT_TRUE(one.has_new_source());
}

TEST_F(CompareTest, FiltersAndNamesWhatOnlyOneDatabaseHas) {
  add(a_, at("p1"), {{"x=1", 1000}});
  add(a_, at("p2"), {{"x=1", 1000}});
  Context other_kernel = at("p1");
  other_kernel.code.kernel = "mma";
  add(b_, other_kernel, {{"y=1", 900}});
  add(b_, at("p3"), {{"x=1", 1000}});
  const Comparison all = compared();
  EXPECT_EQ(all.problems.size(), 1u);
  ASSERT_EQ(all.only_a.size(), 1u);
  EXPECT_EQ(all.only_a.front().winner.trial.context.situation.problem, "p2");
  ASSERT_EQ(all.only_b.size(), 1u);
  EXPECT_EQ(all.only_b.front().winner.trial.context.situation.problem, "p3");
  // A kernel that wins in one of them selects the problem.
  const Comparison mma = compared({.kernel = "mma"});
  EXPECT_EQ(mma.problems.size(), 1u);
  EXPECT_TRUE(mma.only_a.empty());
  EXPECT_EQ(compared({.kernel = "simt"}).problems.size(), 1u);
  EXPECT_TRUE(compared({.kernel = "none"}).problems.empty());
  EXPECT_TRUE(compared({.problem = "p2"}).problems.empty());
  EXPECT_EQ(compared({.device = "H200"}).problems.size(), 1u);
  EXPECT_TRUE(compared({.device = "A100"}).problems.empty());
}

}  // namespace
}  // namespace tw
