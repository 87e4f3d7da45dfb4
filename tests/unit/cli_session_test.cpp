// A session on a device that answers from a formula, with a real database.
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "error.h"
#include "recheck.h"
#include "session.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

// Answers each job at once: the time of configuration "x=A y=B" is 1000 + (A - 5)^2 + B^2 ns.
class FormulaDevice : public Device {
 public:
  FormulaDevice() {
    info_.kind = "cuda";
    info_.model = "formula";
  }
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 3; }
  void submit(Job job) override {
    ++count_[job.purpose];
    if (job.purpose == Purpose::measure) measured_.push_back(job.kernel + ": " + job.configuration);
    finished_.push_back({job.id, answer(job)});
  }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    std::vector<Finished> out(finished_.begin(), finished_.end());
    finished_.clear();
    return out;
  }
  void cancel() override { finished_.clear(); }
  bool has_counters() const override { return counts_; }

  Measurement answer(const Job& job) {
    Measurement measurement;
    measurement.timer = "formula";
    if (job.purpose == Purpose::baseline) {
      measurement.samples_ns = {1100, 1100, 1100};
      if (!has_baseline_) {
        measurement.outcome = Outcome::launch_failed;
        measurement.note = "no library here";
      }
      return measurement;
    }
    if (job.purpose == Purpose::counters && !refusal_.empty()) {
      measurement.outcome = Outcome::launch_failed;
      measurement.note = refusal_;
      return measurement;
    }
    int x = 0, y = 0;
    EXPECT_EQ(std::sscanf(job.configuration.c_str(), "x=%d y=%d", &x, &y), 2);
    if (fails_.contains(job.configuration)) {
      measurement.outcome = Outcome::faulted;
      measurement.note = "illegal address";
      return measurement;
    }
    if (job.purpose == Purpose::counters) {
      measurement.metrics["dram_percent"] = 90 - x;
      return measurement;
    }
    const double ns = (job.kernel == "slow" ? 2000 : 1000) + (x - 5) * (x - 5) + y * y;
    measurement.samples_ns.assign(6, ns * scale_);
    if (missed_ns_ > 0) {
      measurement.metrics["unaccounted_ns"] = missed_ns_;
      measurement.note = "its time misses work";
    }
    return measurement;
  }

  DeviceInfo info_;
  std::deque<Finished> finished_;
  std::vector<std::string> measured_;
  std::map<Purpose, int> count_;
  std::set<std::string> fails_;
  bool has_baseline_ = true;
  double scale_ = 1;
  bool counts_ = false;
  double missed_ns_ = 0;
  std::string refusal_;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string pattern = (fs::temp_directory_path() / "tilewright-session-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    store_.emplace(Store::open((folder_ / "t.db").string(), Store::Mode::read_write));
  }
  ~SessionTest() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  static Knob knob(const std::string& name, int values) {
    Knob knob;
    knob.name = name;
    for (int i = 0; i < values; ++i) knob.values.push_back(i);
    return knob;
  }
  Competitor competitor(const std::string& name) {
    Competitor one{.kernel = nullptr,
                   .name = name,
                   .space = SearchSpace::enumerate({knob("x", 10), knob("y", 5)}, {}, 0,
                                                   std::vector<std::int64_t>(2)),
                   .context = {},
                   .space_digest = "s"};
    one.context.op = "toy";
    one.context.problem = "toy f32 m=1";
    one.context.kernel = name;
    one.context.source_digest = "d";
    one.context.device_model = "formula";
    return one;
  }
  SessionRequest request(std::vector<std::string> kernels = {"fast"}) {
    SessionRequest request;
    request.problem_key = "toy f32 m=1";
    for (const std::string& name : kernels) request.competitors.push_back(competitor(name));
    request.strategy = "exhaustive";
    request.budget.evaluations = 50;
    request.device_json = "{}";
    return request;
  }
  SessionResult run(const SessionRequest& request) {
    Progress progress(stderr, Progress::Mode::quiet, 80, std::chrono::steady_clock::now);
    return run_session(request, device_, *store_, progress, [this] { return stopped_(); });
  }
  std::vector<Trial> stored() { return store_->trials({}); }

  fs::path folder_;
  std::optional<Store> store_;
  FormulaDevice device_;
  std::function<bool()> stopped_ = [] { return false; };
};

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
  changed.competitors.front().context.source_digest = "e";
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
  EXPECT_EQ(of_fast, 50);  // all that it has
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

TEST_F(SessionTest, FinalistsAreCountedOnceAndTheirCountersStored) {
  device_.counts_ = true;
  const SessionResult result = run(request());
  const auto finalists = static_cast<int>(std::count_if(
      result.ranking.begin(), result.ranking.end(), [](const Ranked& row) { return row.raced; }));
  EXPECT_GT(finalists, 1);
  EXPECT_EQ(device_.count_[Purpose::counters], finalists);
  int stored_counters = 0;
  for (const Trial& trial : stored()) {
    if (trial.kind != TrialKind::race) continue;
    const double x = std::stod(trial.configuration.substr(2));
    EXPECT_DOUBLE_EQ(trial.measurement.metrics.at("dram_percent"), 90 - x);
    EXPECT_FALSE(trial.measurement.samples_ns.empty());
    ++stored_counters;
  }
  EXPECT_EQ(stored_counters, finalists);
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

TEST_F(SessionTest, AFinalistThatFailsInTheRaceIsNotRanked) {
  SessionRequest search = request();
  search.finalists = 0;
  run(search);
  device_.fails_ = {"x=5 y=0"};
  const SessionResult result = run(request());
  for (const Ranked& row : result.ranking) EXPECT_NE(row.configuration, "x=5 y=0");
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

TEST_F(SessionTest, ABaselineRunsInTheRaceButIsNotRanked) {
  SessionRequest with_baseline = request();
  Job job;
  job.purpose = Purpose::baseline;
  job.baseline.library = "vendor";
  with_baseline.baselines = {job};
  const SessionResult result = run(with_baseline);
  EXPECT_GT(device_.count_[Purpose::baseline], 1);
  EXPECT_GT(result.baselines.at("vendor").samples_ns.size(), 3u);  // of all rounds
  for (const Ranked& row : result.ranking) EXPECT_EQ(row.kernel, "fast");
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
  roofed.roof_ns = 1021;  // 1000 is 2.1 % faster
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
  there.competitors.front().context.device_model = "another";
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
  // A second run proves the same again, and stores nothing twice.
  const SessionResult second = run(asked);
  EXPECT_EQ(second.known, 40);
  EXPECT_EQ(second.evaluated, 0);
  EXPECT_EQ(pruned(), 10);
  // Without the proof they are measured.
  asked.competitors[0].least_time = {};
  EXPECT_EQ(run(asked).evaluated, 10);
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
  EXPECT_EQ(verdict_on({"fast", "x=4 y=0"}, result.ranking), Verdict::holds);
  EXPECT_EQ(verdict_on({"slow", "x=5 y=0"}, result.ranking), Verdict::flipped);
  // Alone it is measured, too.
  asked.only = {{"slow", "x=5 y=0"}};
  EXPECT_EQ(run(asked).ranking.size(), 1u);
}

TEST(Verdict, TiedWithTheFastestHolds) {
  std::vector<Ranked> ranking(3);
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    ranking[i].kernel = "k";
    ranking[i].configuration = "x=" + std::to_string(i);
    ranking[i].raced = true;
    ranking[i].tied = i < 2;
  }
  EXPECT_EQ(verdict_on({"k", "x=0"}, ranking), Verdict::holds);
  EXPECT_EQ(verdict_on({"k", "x=1"}, ranking), Verdict::holds);
  EXPECT_EQ(verdict_on({"k", "x=2"}, ranking), Verdict::flipped);
  EXPECT_EQ(verdict_on({"k", "x=3"}, ranking), Verdict::flipped) << "it failed";
  ranking[0].raced = false;
  EXPECT_EQ(verdict_on({"k", "x=0"}, ranking), Verdict::flipped) << "not of this race";
}

}  // namespace
}  // namespace tw
