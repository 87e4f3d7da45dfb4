// Databases that take over each other's rows.
#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>

#include "db_fixture.h"
#include "exchange.h"
#include "merge.h"

namespace tw {
namespace {

class MergeTest : public DbTest {
 protected:
  std::string other_path() const { return folder_ / "other.db"; }
  Store other() const { return Store::open(other_path(), Store::Mode::read_write); }

  // A run of three trials, a baseline and a race of two.
  static std::int64_t add_run(Store& store, double ns, const std::string& device_uuid) {
    RunInfo info = run_info();
    info.device_uuid = device_uuid;
    const std::int64_t run = store.begin_run(info);
    store.append(run, TrialKind::search, context(), "a=1", ok(ns));
    store.append(run, TrialKind::search, context(), "a=2", ok(ns + 10));
    store.append(run, TrialKind::search, context(), "a=3", failed(Outcome::faulted, "why"));
    Context library = context("cublas");
    library.source_digest = "13.0";
    store.append(run, TrialKind::baseline, library, "", ok(2 * ns));
    return run;
  }
  static void end_run(Store& store, std::int64_t run, double ns) {
    store.append_race(run, {{context(), "a=2", ok(ns)}, {context(), "a=1", ok(ns + 5)}}, 2);
    store.end_run(run, "finished");
  }

  std::vector<Winner> winners(const char* source) const {
    return store().winners({.op = "", .source = source});
  }
};

TEST_F(MergeTest, KeepsEverythingAndAddsNothingTwice) {
  Store theirs = other();
  end_run(theirs, add_run(theirs, 100, "gpu-1"), 90);
  const Merged merged = merge_database(other_path(), path());
  EXPECT_EQ(merged.runs, 1);
  EXPECT_EQ(merged.trials, 6);
  EXPECT_EQ(merged.known, 0);
  const std::vector<Trial> here = store().trials({}), there = theirs.trials({});
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < here.size(); ++i) {
    Context imported = there[i].context;
    imported.source = Source::imported;
    EXPECT_EQ(here[i].context, imported);
    EXPECT_EQ(here[i].created, there[i].created);
    EXPECT_EQ(here[i].kind, there[i].kind);
    EXPECT_EQ(here[i].configuration, there[i].configuration);
    EXPECT_EQ(here[i].measurement.outcome, there[i].measurement.outcome);
    EXPECT_EQ(here[i].measurement.note, there[i].measurement.note);
    EXPECT_EQ(here[i].measurement.samples_ns, there[i].measurement.samples_ns);
  }
  ASSERT_EQ(winners("imported").size(), 1u);
  const Winner winner = winners("imported").front();
  EXPECT_TRUE(winner.raced);
  EXPECT_EQ(winner.trial.configuration, "a=2");
  EXPECT_EQ(winner.tied, std::vector<std::string>{"simt: a=1"});
  EXPECT_EQ(winner.baseline_ns, 200);

  const Merged again = merge_database(other_path(), path());
  EXPECT_EQ(again.runs, 0);
  EXPECT_EQ(again.trials, 0);
  EXPECT_EQ(again.known, 6);
  EXPECT_EQ(store().trials({}).size(), 6u);
  EXPECT_EQ(winners("imported").size(), 1u);
}

TEST_F(MergeTest, TheirsNeverWinOverWhatWasMeasuredHere) {
  Store theirs = other();
  end_run(theirs, add_run(theirs, 100, "gpu-1"), 90);
  Store ours = store();
  end_run(ours, add_run(ours, 300, "gpu-2"), 290);
  merge_database(other_path(), path());
  const std::vector<Winner> measured = winners("measured");
  ASSERT_EQ(measured.size(), 1u);
  EXPECT_EQ(measured.front().trial.measurement.median_ns(), 290);
  EXPECT_EQ(winners("imported").front().trial.measurement.median_ns(), 90);
  EXPECT_EQ(ours.known(context()).size(), 3u);
}

TEST_F(MergeTest, ThereAndBackAddsNothing) {
  Store ours = store();
  end_run(ours, add_run(ours, 300, "gpu-2"), 290);
  merge_database(path(), other_path());
  EXPECT_EQ(merge_database(other_path(), path()).trials, 0);
  Store third = Store::open(folder_ / "third.db", Store::Mode::read_write);
  EXPECT_EQ(merge_database(other_path(), folder_ / "third.db").trials, 6);
  EXPECT_EQ(merge_database(path(), folder_ / "third.db").trials, 0);
}

TEST_F(MergeTest, GoesOnWithARunThatWasNotFinished) {
  Store theirs = other();
  const std::int64_t run = add_run(theirs, 100, "gpu-1");
  EXPECT_EQ(merge_database(other_path(), path()).trials, 4);
  EXPECT_FALSE(winners("imported").front().raced);
  end_run(theirs, run, 90);
  const Merged rest = merge_database(other_path(), path());
  EXPECT_EQ(rest.runs, 0);
  EXPECT_EQ(rest.trials, 2);
  EXPECT_EQ(rest.known, 4);
  EXPECT_TRUE(winners("imported").front().raced);
  EXPECT_EQ(winners("imported").front().trial.configuration, "a=2");
}

// A file holds some of a run's trials, not always the first ones.
TEST_F(MergeTest, AddsWhatAnImportedPartOfARunLacks) {
  Store theirs = other();
  const std::int64_t run = add_run(theirs, 100, "gpu-1");
  end_run(theirs, run, 90);
  Filter filter;
  filter.kernel = "cublas";
  EXPECT_EQ(import_trials(shared_trials(other_path(), filter), path()).trials, 1);
  const Merged merged = merge_database(other_path(), path());
  EXPECT_EQ(merged.runs, 0);
  EXPECT_EQ(merged.trials, 5);
  EXPECT_EQ(merged.known, 1);
  EXPECT_EQ(store().trials({}).size(), 6u);
  EXPECT_EQ(import_trials(shared_trials(other_path(), {}), path()).trials, 0) << "all are there";
  EXPECT_EQ(winners("imported").front().trial.configuration, "a=2");
  EXPECT_EQ(winners("imported").front().tied.size(), 1u);
}

TEST_F(MergeTest, OnlyWhatAGpuSays) {
  Store theirs = other();
  for (const Source source : {Source::cpu, Source::replayed}) {
    RunInfo info = run_info();
    info.context.source = source;
    theirs.append(theirs.begin_run(info), TrialKind::search, info.context, "a=1", ok(1));
  }
  EXPECT_EQ(merge_database(other_path(), path()).runs, 0);
  EXPECT_TRUE(store().trials({}).empty());
}

TEST_F(MergeTest, FaultsAreOneLineAndLeaveAllAsItWas) {
  const auto fault = [&](const std::string& from) {
    try {
      merge_database(from, path());
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Store ours = store();
  add_run(ours, 300, "gpu-2");
  EXPECT_NE(fault(path()).find("merged into"), std::string::npos);
  EXPECT_NE(fault(folder_ / "none.db").find("there is no such database"), std::string::npos);
  std::ofstream(folder_ / "text.db") << std::string(4096, 'x');
  EXPECT_NE(fault(folder_ / "text.db").find("not an SQLite database"), std::string::npos);
  EXPECT_EQ(ours.trials({}).size(), 4u);
}

TEST_F(MergeTest, NamesTheDatabaseThatIsDamaged) {
  store();
  Store theirs = other();
  add_run(theirs, 300, "gpu-2");
  const auto fault_after = [&](const char* damage) {
    SQLite::Database(other_path(), SQLite::OPEN_READWRITE).exec(damage);
    try {
      merge_database(other_path(), path());
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_TRUE(fault_after("UPDATE trial SET outcome = 'odd'").starts_with(other_path()));
  EXPECT_TRUE(fault_after("DROP TABLE finalist").starts_with(other_path()));
}

}  // namespace
}  // namespace tw
