// The rules of docs/database.md for winners.
#include <string>

#include "unit/db/fixture.h"

namespace tw {
namespace {

class DbWinners : public DbTest {
 protected:
  void search(const Context& at, const std::string& configuration, double ns) {
    db_.append(run_, TrialKind::search, at, configuration, ok(ns));
  }
  void race(const std::vector<Store::Finalist>& ranking, std::size_t tied) {
    db_.append_race(run_, ranking, tied);
  }
  Winner winner(const Filter& filter = {}) {
    const std::vector<Winner> all = db_.winners(filter);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Winner{} : all[0];
  }
  std::string name(const Filter& filter = {}) {
    const Winner found = winner(filter);
    return found.trial.context.code.kernel + ": " + found.trial.configuration;
  }

  Store db_ = store();
  std::int64_t run_ = db_.begin_run(run_info());
};

TEST_F(DbWinners, NobodyWinsWithoutAnOkTrial) {
  EXPECT_TRUE(db_.winners({}).empty());
  db_.append(run_, TrialKind::search, context(), "a=1", failed(Outcome::wrong_result, "3e5 ulps"));
  db_.append(run_, TrialKind::baseline, context("cublas"), "", ok(10));
  EXPECT_TRUE(db_.winners({}).empty());
}

TEST_F(DbWinners, WithoutARaceTheFastestTrialOfAnyKernelWins) {
  search(context(), "a=1", 100);
  search(context(), "a=2", 90);
  search(context("mma"), "b=1", 95);
  Measurement pruned = ok(1);
  pruned.outcome = Outcome::pruned;
  db_.append(run_, TrialKind::search, context(), "a=3", pruned);
  const Winner found = winner();
  EXPECT_EQ(found.trial.configuration, "a=2");
  EXPECT_EQ(found.trial.measurement.median_ns(), 90);
  EXPECT_FALSE(found.raced);
  EXPECT_TRUE(found.tied.empty());
  EXPECT_FALSE(found.baseline_ns.has_value());
}

TEST_F(DbWinners, OfAConfigurationTheLatestTrialCounts) {
  search(context(), "a=1", 50);  // by luck
  search(context(), "a=2", 90);
  search(context(), "a=1", 100);
  EXPECT_EQ(name(), "simt: a=2");
  db_.append(run_, TrialKind::search, context(), "a=2", failed(Outcome::faulted, "x"));
  EXPECT_EQ(name(), "simt: a=1");
}

TEST_F(DbWinners, AnUnracedTrialNeverDisplacesARacedWinner) {
  search(context(), "a=1", 100);
  search(context("mma"), "b=1", 101);
  race({{context("mma"), "b=1", ok(99)}, {context(), "a=1", ok(99.5)}, {context(), "a=2", ok(110)}},
       2);
  search(context(), "a=7", 10);
  search(context("new"), "c=1", 10);
  const Winner found = winner();
  EXPECT_EQ(found.trial.configuration, "b=1");
  EXPECT_EQ(found.trial.kind, TrialKind::race);
  EXPECT_EQ(found.trial.measurement.median_ns(), 99);
  EXPECT_TRUE(found.raced);
  EXPECT_EQ(found.tied, std::vector<std::string>{"simt: a=1"});
}

TEST_F(DbWinners, TheLatestRaceDecidesEvenIfItIsSlower) {
  race({{context(), "a=1", ok(80)}}, 1);
  race({{context(), "a=2", ok(100)}, {context(), "a=1", ok(105)}}, 1);
  EXPECT_EQ(name(), "simt: a=2");
}

TEST_F(DbWinners, OfARaceInWhichAllFailNobodyWins) {
  search(context(), "a=1", 80);
  search(context(), "a=2", 90);
  search(context(), "a=3", 95);
  race({{context(), "a=1", ok(80)}, {context(), "a=2", ok(90)}}, 1);
  race({{context(), "a=1", failed(Outcome::wrong_result, "x")},
        {context(), "a=2", failed(Outcome::faulted, "x")}},
       0);
  EXPECT_TRUE(db_.winners({}).empty()) << "a=3 is only what an unraced search found before";
  search(context(), "a=4", 100);
  EXPECT_EQ(name(), "simt: a=4") << "it was measured since";
  EXPECT_FALSE(winner().raced);
  race({{context(), "a=3", ok(95)}, {context(), "a=4", ok(100)}}, 1);
  EXPECT_EQ(name(), "simt: a=3");
}

// A recheck under a new driver stores such a race.
TEST_F(DbWinners, NorOfOneUnderANewDriver) {
  race({{context(), "a=1", ok(80)}, {context(), "a=2", ok(90)}}, 1);
  Context updated = context();
  updated.situation.driver = "590.1";
  race({{updated, "a=2", ok(90)}, {updated, "a=1", failed(Outcome::faulted, "x")}}, 1);
  EXPECT_EQ(name(), "simt: a=2");
  updated.situation.driver = "591";
  race({{updated, "a=1", failed(Outcome::faulted, "x")}}, 0);
  EXPECT_TRUE(db_.winners({}).empty());
}

TEST_F(DbWinners, AFinalistThatFailedHasNoPlaceAmongTheOthers) {
  race({{context(), "a=1", ok(80)},
        {context(), "a=2", ok(81)},
        {context(), "a=3", failed(Outcome::wrong_result, "x")}},
       2);
  EXPECT_EQ(winner().tied, std::vector<std::string>{"simt: a=2"});
  const std::vector<Trial> finalists = db_.finalists(winner().trial.id);
  ASSERT_EQ(finalists.size(), 2u);
  EXPECT_EQ(finalists[1].configuration, "a=2");
  const std::vector<Trial> known = db_.known(context());
  ASSERT_EQ(known.size(), 1u) << "that it fails is known";
  EXPECT_EQ(known[0].configuration, "a=3");
  EXPECT_EQ(known[0].measurement.outcome, Outcome::wrong_result);
}

TEST_F(DbWinners, ARacedWinnerThatIsFoundWrongLaterLosesItsPlace) {
  for (const char* configuration : {"a=1", "a=2", "a=3"}) search(context(), configuration, 100);
  race({{context(), "a=1", ok(80)}, {context(), "a=2", ok(81)}, {context(), "a=3", ok(82)}}, 2);
  EXPECT_EQ(name(), "simt: a=1");
  Measurement pruned;
  pruned.outcome = Outcome::pruned;
  db_.append(run_, TrialKind::search, context(), "a=1", pruned);
  EXPECT_EQ(name(), "simt: a=1") << "slower than another is not wrong";
  Context other_driver = context();
  other_driver.situation.driver = "590";
  db_.append(run_, TrialKind::search, other_driver, "a=1", failed(Outcome::faulted, "x"));
  EXPECT_EQ(name(), "simt: a=1") << "that is another context";

  db_.append(run_, TrialKind::search, context(), "a=1", failed(Outcome::wrong_result, "x"));
  EXPECT_EQ(name(), "simt: a=2");
  EXPECT_TRUE(winner().raced);
  EXPECT_TRUE(winner().tied.empty());
  Context constants = context();  // like those of the check before emit
  constants.code.verdict_digest = "v2";
  db_.append(run_, TrialKind::search, constants, "a=2", failed(Outcome::wrong_result, "x"));
  EXPECT_EQ(name(), "simt: a=3");
  db_.append(run_, TrialKind::search, context(), "a=3", failed(Outcome::timed_out, "x"));
  EXPECT_TRUE(db_.winners({}).empty());
  search(context(), "a=3", 100);  // --fresh
  EXPECT_EQ(name(), "simt: a=3");
}

TEST_F(DbWinners, AnUnracedWinnerThatFailsInARaceLosesItsPlace) {
  search(context(), "a=1", 80);
  search(context("mma"), "b=1", 90);
  race({{context("mma"), "b=1", ok(90)}, {context(), "a=1", failed(Outcome::faulted, "x")}}, 1);
  Context edited = context("mma");
  edited.code.source_digest = "d2";
  search(edited, "b=1", 95);  // voids the race
  EXPECT_EQ(name(), "mma: b=1");
  EXPECT_FALSE(winner().raced);
}

TEST_F(DbWinners, ANewSourceVoidsItsKernelsRowsAndRaces) {
  race({{context(), "a=1", ok(80)}, {context("mma"), "b=1", ok(85)}}, 2);
  search(context("mma"), "b=1", 85);
  Context edited = context();
  edited.code.source_digest = "d2";
  search(edited, "a=5", 82);
  EXPECT_EQ(name(), "simt: a=5") << "the race's winner does not exist any more";
  EXPECT_FALSE(winner().raced);
  // A failure of an even newer source changes nothing.
  edited.code.source_digest = "d3";
  db_.append(run_, TrialKind::search, edited, "a=5", failed(Outcome::compile_failed, "x"));
  EXPECT_EQ(name(), "simt: a=5");
}

TEST_F(DbWinners, TheTiedAreOfTheCurrentSource) {
  race({{context("mma"), "b=1", ok(80)}, {context(), "a=1", ok(81)}}, 2);
  EXPECT_EQ(winner().tied, std::vector<std::string>{"simt: a=1"});
  Context edited = context();
  edited.code.source_digest = "d2";
  search(edited, "a=1", 60);
  EXPECT_EQ(name(), "mma: b=1");
  EXPECT_TRUE(winner().tied.empty());
}

TEST_F(DbWinners, WithoutARaceTheDriverUsedLastCounts) {
  search(context(), "a=1", 50);
  Context updated = context();
  updated.situation.driver = "590.1";
  search(updated, "a=2", 60);
  EXPECT_EQ(name(), "simt: a=2");
  EXPECT_EQ(winner().trial.context.situation.driver, "590.1");
  search(context(), "a=3", 70);  // the old source again: its rows are the newest now
  EXPECT_EQ(name(), "simt: a=1");
}

TEST_F(DbWinners, ARaceStaysInForceUntilTheNewDriversOwnRace) {
  race({{context(), "a=1", ok(50)}}, 1);
  Context updated = context();
  updated.situation.driver = "590.1";
  search(updated, "a=2", 40);
  EXPECT_EQ(name(), "simt: a=1");
  race({{updated, "a=2", ok(60)}}, 1);
  EXPECT_EQ(name(), "simt: a=2");
}

TEST_F(DbWinners, OnlyRowsOfOneProtocolAreCompared) {
  race({{context(), "a=1", ok(50)}}, 1);
  Context next = context();
  next.situation.protocol = protocol_version + 1;
  search(next, "a=2", 60);
  EXPECT_EQ(name(), "simt: a=2");
  search(context("mma"), "b=1", 10);  // from an older program, but later
  EXPECT_EQ(name(), "simt: a=2");
}

TEST_F(DbWinners, OtherSourcesAndAWarmCacheWinOnlyIfNamed) {
  search(context(), "a=1", 100);
  for (const Source source : {Source::replayed, Source::imported, Source::cpu}) {
    Context other = context();
    other.situation.source = source;
    search(other, "a=2", 1);
  }
  Context warm = context();
  warm.situation.l2 = L2::warm;
  search(warm, "a=3", 2);
  EXPECT_EQ(name(), "simt: a=1");
  EXPECT_EQ(name({.source = "replayed"}), "simt: a=2");
  EXPECT_EQ(name({.source = "cpu"}), "simt: a=2");
  EXPECT_EQ(name({.l2 = "warm"}), "simt: a=3");
}

TEST_F(DbWinners, EachProblemAndDeviceHasItsOwn) {
  Context larger = context();
  larger.situation.problem = "gemm f32 m=128,n=64,k=64";
  Context other = context();
  other.situation.device_model = "NVIDIA A100";
  Context slice = context();
  slice.situation.device_limits = "cc=90 sms=16";
  search(slice, "d=1", 4);
  search(other, "c=1", 3);
  search(larger, "b=1", 2);
  search(context(), "a=1", 1);
  std::vector<std::string> names;
  for (const Winner& found : db_.winners({})) names.push_back(found.trial.configuration);
  EXPECT_EQ(names, (std::vector<std::string>{"b=1", "c=1", "a=1", "d=1"}));
  EXPECT_EQ(db_.winners({.device = "A100"}).size(), 1u);
  EXPECT_EQ(db_.winners({.op = "conv2d"}).size(), 0u);
  EXPECT_EQ(db_.winners({.limit = 3}).size(), 3u);
}

TEST_F(DbWinners, TheFastestLibrarysNewestBaselineStandsBesideIt) {
  search(context(), "a=1", 100);
  db_.append(run_, TrialKind::baseline, context("cublas"), "", ok(70));
  db_.append(run_, TrialKind::baseline, context("cublas"), "", ok(120));
  db_.append(run_, TrialKind::baseline, context("cudnn"), "", ok(150));
  Context other_driver = context("cublas");
  other_driver.situation.driver = "590";
  db_.append(run_, TrialKind::baseline, other_driver, "", ok(10));
  db_.append(run_, TrialKind::baseline, context("cutensor"), "", failed(Outcome::faulted, "x"));
  EXPECT_EQ(winner().baseline, "cublas");
  EXPECT_EQ(winner().baseline_ns, 120);

  const auto found = db_.baseline(context().situation, context().code.verdict_digest);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->context.code.kernel, "cudnn") << "the latest";
  Situation elsewhere = context().situation;
  elsewhere.device_model = "NVIDIA A100";
  EXPECT_FALSE(db_.baseline(elsewhere, context().code.verdict_digest).has_value());
  EXPECT_FALSE(db_.baseline(context().situation, "another verdict").has_value());
}

class DbWinnersByObjective : public DbWinners {
 protected:
  static Measurement used(double ns, double mj) {
    Measurement measurement = ok(ns);
    measurement.energy_mj = mj;
    measurement.mean_power_w = mj / ns * 1e6;
    return measurement;
  }
  std::int64_t run_by(Objective objective) {
    RunInfo run = run_info();
    run.objective = objective;
    return db_.begin_run(run);
  }
  void search(const std::string& configuration, const Measurement& measurement) {
    db_.append(run_, TrialKind::search, context(), configuration, measurement);
  }
  std::string by(Objective objective) { return name({.objective = objective}); }
};

TEST_F(DbWinnersByObjective, OnlyRowsWithTheValueWin) {
  search("a=1", ok(50));  // without an energy
  search("a=2", used(100, 20));
  search("a=3", used(110, 19));
  EXPECT_EQ(by(Objective::time), "simt: a=1");
  EXPECT_EQ(by(Objective::energy), "simt: a=3");
  EXPECT_EQ(by(Objective::time_energy), "simt: a=2");
  const Winner found = winner({.objective = Objective::energy});
  EXPECT_EQ(found.trial.measurement.energy_mj, 19);
  EXPECT_NEAR(found.trial.measurement.mean_power_w, 19e6 / 110, 1e-6);
}

TEST_F(DbWinnersByObjective, WithoutEnergiesNothingWinsByEnergy) {
  search("a=1", ok(50));
  EXPECT_TRUE(db_.winners({.objective = Objective::energy}).empty());
  EXPECT_TRUE(db_.winners({.objective = Objective::time_energy}).empty());
}

TEST_F(DbWinnersByObjective, ARaceDecidesOnlyByItsOwnObjective) {
  search("a=1", used(100, 20));
  search("a=2", used(110, 15));
  db_.append_race(run_by(Objective::energy),
                  {{context(), "a=2", used(120, 16)}, {context(), "a=1", used(100, 20)}}, 2);
  EXPECT_EQ(by(Objective::time), "simt: a=1");
  EXPECT_FALSE(winner().raced);
  EXPECT_EQ(by(Objective::energy), "simt: a=2");
  const Winner raced = winner({.objective = Objective::energy});
  EXPECT_TRUE(raced.raced);
  EXPECT_EQ(raced.tied, std::vector<std::string>{"simt: a=1"});
  EXPECT_FALSE(winner({.objective = Objective::time_energy}).raced);

  // A later race by time changes nothing for energies.
  db_.append_race(run_, {{context(), "a=1", ok(99)}, {context(), "a=2", ok(105)}}, 1);
  EXPECT_TRUE(winner().raced);
  EXPECT_EQ(by(Objective::energy), "simt: a=2");
}

TEST_F(DbWinnersByObjective, AFailureCountsForEveryObjective) {
  search("a=1", used(100, 20));
  search("a=2", used(110, 15));
  db_.append_race(run_by(Objective::energy),
                  {{context(), "a=2", used(120, 16)}, {context(), "a=1", used(100, 20)}}, 1);
  search("a=2", failed(Outcome::wrong_result, "3e5 ulps"));
  EXPECT_EQ(by(Objective::energy), "simt: a=1");
}

TEST_F(DbWinnersByObjective, TheBestLibraryByItStandsBesideIt) {
  search("a=1", used(100, 20));
  db_.append(run_, TrialKind::baseline, context("cublas"), "", used(90, 40));
  db_.append(run_, TrialKind::baseline, context("cudnn"), "", used(95, 30));
  db_.append(run_, TrialKind::baseline, context("none"), "", ok(10));
  const Winner found = winner({.objective = Objective::energy});
  EXPECT_EQ(found.baseline, "cudnn");
  EXPECT_EQ(found.baseline_ns, 95);
  EXPECT_EQ(found.baseline_mj, 30);
  EXPECT_EQ(winner().baseline, "none");
  EXPECT_FALSE(winner().baseline_mj);
}

}  // namespace
}  // namespace tw
