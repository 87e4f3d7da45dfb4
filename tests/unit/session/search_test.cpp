// The search of a session: budgets, what is told and what is stored.
#include <algorithm>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "session/session_search.h"
#include "unit/session/fixture.h"

namespace tw {
namespace {

class SessionSearchTest : public SessionTest {
 protected:
  using Known = std::vector<std::vector<Evaluation>>;

  // Searches with new trials, of which the first `known[i]` of each kernel are already known.
  SearchReport search(const SessionRequest& request, const std::vector<std::size_t>& known = {}) {
    trials_.emplace(request.competitors);
    Known evaluations(request.competitors.size());
    for (std::size_t i = 0; i < known.size(); ++i) {
      std::vector<Trial> stored(known[i]);
      for (std::size_t index = 0; index < known[i]; ++index) {
        Job job;
        job.kernel = request.competitors[i].name;
        job.configuration = stored[index].configuration = trials_->configuration_of({i, index});
        stored[index].measurement = device_.answer(job);
      }
      evaluations[i] = trials_->recall(i, std::move(stored));
    }
    return search_competitors(begin(request), *trials_, evaluations);
  }
  std::int64_t measured(const std::string& kernel) const {
    return std::count_if(device_.measured_.begin(), device_.measured_.end(),
                         [&](const std::string& one) { return one.starts_with(kernel); });
  }
  void fail_all(Outcome outcome) {
    device_.failure_ = outcome;
    const Competitor toy = toy_competitor("");
    for (std::size_t i = 0; i < toy.space.size(); ++i) {
      device_.fails_.insert(text_of(toy.space.knobs(), toy.space[i]));
    }
  }

  std::optional<Trials> trials_;
};

TEST_F(SessionSearchTest, HalfOfTheBudgetIsSharedAndTheFastestKernelGetsTheRest) {
  SessionRequest asked = request({"slow", "fast"});
  asked.budget.evaluations = 40;
  EXPECT_EQ(search(asked).evaluated, 40);
  EXPECT_EQ(measured("slow"), 10);
  EXPECT_EQ(measured("fast"), 10 + 20);
}

TEST_F(SessionSearchTest, WhatTheFastestKernelLeavesGoesToTheNext) {
  SessionRequest asked = request({"slow", "fast"});
  asked.budget.evaluations = 90;
  EXPECT_EQ(search(asked).evaluated, 90);
  EXPECT_EQ(measured("fast"), 50) << "its whole space";
  EXPECT_EQ(measured("slow"), 40);
}

TEST_F(SessionSearchTest, KnownTrialsCostNothing) {
  const SearchReport report = search(request(), {20});
  EXPECT_EQ(report.evaluated, 30);
  EXPECT_EQ(measured("fast"), 30);
  EXPECT_EQ(trials_->size(), 50);
}

TEST_F(SessionSearchTest, EachTrialIsStoredAndCounted) {
  device_.fails_ = {"x=1 y=1"};
  const SearchReport report = search(request());
  EXPECT_EQ(report.evaluated, 50);
  EXPECT_EQ(trials_->outcomes().at(Outcome::ok), 49);
  EXPECT_EQ(trials_->outcomes().at(Outcome::faulted), 1);
  const std::vector<Trial> rows = stored();
  EXPECT_EQ(rows.size(), 50u);
  for (const Trial& row : rows) {
    EXPECT_EQ(row.kind, TrialKind::search);
    EXPECT_EQ(row.context, request().context_of(request().competitors[0]));
    EXPECT_EQ(row.measurement.outcome == Outcome::faulted, row.configuration == "x=1 y=1");
  }
}

TEST_F(SessionSearchTest, AFailureWhileTheUserStopsIsNoEvidence) {
  fail_all(Outcome::faulted);
  stopped_ = [&] { return device_.measured_.size() > 2; };
  EXPECT_EQ(search(request()).evaluated, 0);
  EXPECT_EQ(trials_->size(), 0);
  EXPECT_TRUE(stored().empty());
}

// The kernel that is fully known is certain. Whichever comes first, it does not decide.
TEST_F(SessionSearchTest, TheCertificateIsThatOfTheLeastSureKernel) {
  SessionRequest asked = request({"fast", "slow"});
  asked.budget.evaluations = 4;
  for (const std::vector<std::size_t>& known : {std::vector<std::size_t>{50, 0}, {0, 50}}) {
    const SearchReport report = search(asked, known);
    EXPECT_EQ(report.evaluated, 4);
    ASSERT_TRUE(report.certificate);
    EXPECT_LT(report.certificate->confidence, 0.5);
  }
  const SearchReport report = search(asked, {50, 50});
  ASSERT_TRUE(report.certificate);
  EXPECT_EQ(report.certificate->confidence, 1);
}

TEST_F(SessionSearchTest, TheRuleStopsASearchThatIsCertain) {
  SessionRequest asked = request();
  asked.budget = {.evaluations = 0, .seconds = 0, .until_certain = true};
  const SearchReport report = search(asked);
  EXPECT_LT(report.evaluated, 50);
  ASSERT_TRUE(report.certificate);
  EXPECT_GE(report.certificate->confidence, StoppingRule::confidence_wanted);
}

TEST_F(SessionSearchTest, UnknownWorkThatNeverEndsIsGivenUp) {
  fail_all(Outcome::timed_out);
  SessionRequest asked = request();
  asked.unknown_work = true;
  EXPECT_THROW(search(asked), Error);
  EXPECT_EQ(trials_->size(), 3);
  // A known trial that ended shows that the work is finite.
  device_.fails_.erase("x=0 y=0");
  EXPECT_EQ(search(asked, {1}).evaluated, 49);
}

TEST_F(SessionSearchTest, LearnsFromAnotherDeviceUnlessMeasurementsMustBeFresh) {
  SessionRequest there = request();
  there.situation.device_model = "another";
  search(there);
  SessionRequest here = request();
  here.strategy = "auto";
  here.budget.evaluations = 5;
  const SearchReport report = search(here);
  ASSERT_EQ(report.learned.size(), 1u);
  EXPECT_EQ(report.learned.front().kernel, "fast");
  EXPECT_EQ(report.learned.front().device, "another");
  EXPECT_EQ(report.learned.front().trials, 50u);
  here.fresh = true;
  EXPECT_TRUE(search(here).learned.empty());
}

}  // namespace
}  // namespace tw
