// Databases that take over the rows of others.
#include "db/exchange/merge.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <fstream>

#include "db/exchange/exchange.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

class MergeTest : public DbTest {
 protected:
  std::string other_path() const { return folder_ / "other.db"; }
  Store other() const { return Store::open(other_path(), Store::Mode::read_write); }

  // Adds a run of three trials, a baseline and a race of two.
  static std::int64_t add_run(Store& store, double ns, const std::string& device_uuid) {
    RunInfo info = run_info();
    info.device_uuid = device_uuid;
    const std::int64_t run = store.begin_run(info);
    store.append(run, TrialKind::search, context(), "a=1", ok(ns));
    store.append(run, TrialKind::search, context(), "a=2", ok(ns + 10));
    store.append(run, TrialKind::search, context(), "a=3", failed(Outcome::faulted, "why"));
    Context library = context("cublas");
    library.code.source_digest = "13.0";
    store.append(run, TrialKind::baseline, library, "", ok(2 * ns));
    return run;
  }
  static void end_run(Store& store, std::int64_t run, double ns) {
    store.append_race(run, {{context(), "a=2", ok(ns)}, {context(), "a=1", ok(ns + 5)}}, 2);
    store.end_run(run, RunEnd::finished);
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
    imported.situation.source = Source::imported;
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

// A file may hold only some of a run's trials, and not always the first ones.
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
    info.context.situation.source = source;
    theirs.append(theirs.begin_run(info), TrialKind::search, info.context, "a=1", ok(1));
  }
  EXPECT_EQ(merge_database(other_path(), path()).runs, 0);
  EXPECT_TRUE(store().trials({}).empty());
}

// Databases of one problem. Each has searches, a baseline and perhaps a race, all of one date.
class MergeOrder : public MergeTest {
 protected:
  std::string path_of(const std::string& name) const { return folder_ / (name + ".db"); }

  void make(const std::string& name, double ns, const std::string& date, bool raced) const {
    Store made = Store::open(path_of(name), Store::Mode::read_write);
    RunInfo info = run_info();
    info.device_uuid = name;
    const std::int64_t run = made.begin_run(info);
    Context updated = context();
    updated.situation.driver = "driver of " + name;
    Context library = context("cublas");
    made.append(run, TrialKind::baseline, library, "", ok(2 * ns));
    for (const Context& at : {context(), updated}) {
      made.append(run, TrialKind::search, at, "a=1", ok(ns));
      made.append(run, TrialKind::search, at, "a=2 of=" + name, ok(ns + 10));
    }
    if (name == "b") {
      made.append(run, TrialKind::search, context(), "a=3", failed(Outcome::faulted, ""));
    } else {
      made.append(run, TrialKind::search, context(), "a=3", ok(1));
    }
    if (raced) {
      made.append_race(run, {{context(), "a=2 of=" + name, ok(ns)}, {context(), "a=1", ok(ns + 5)}},
                       2);
    }
    SQLite::Database raw(path_of(name), SQLite::OPEN_READWRITE);
    for (const char* date_of : {"trial SET created", "race SET created", "run SET started"}) {
      raw.exec(std::string("UPDATE ") + date_of + " = '" + date + "'");
    }
  }
  // Returns what a database says of its imported rows, without their numbers.
  static std::string answers(const Store& db) {
    std::string said;
    const auto say = [&](const char* what, const Trial& trial) {
      said += std::string(what) + " " + facts_of(trial);
    };
    for (const Winner& winner : db.winners({.source = "imported"})) {
      say("winner", winner.trial);
      said += winner.baseline + " " + std::to_string(winner.baseline_ns.value_or(0)) + "\n";
      for (const std::string& tied : winner.tied) said += "tied " + tied + "\n";
      for (const Trial& trial : db.finalists(winner.trial.id)) say("finalist", trial);
    }
    for (const Context& context : db.contexts("gemm", "simt")) {
      said += "context " + context.situation.driver + "\n";
      std::vector<std::string> known;
      for (const Trial& trial : db.known(context)) known.push_back(facts_of(trial));
      std::sort(known.begin(), known.end());
      for (const std::string& one : known) said += "known " + one;
    }
    return said;
  }
  // Returns the configurations of an export as T4, which holds the latest trials of one context.
  static std::string exported(const std::string& path) {
    std::int64_t left_out = 0;
    const Recording recording = recording_of(shared_trials(path, {.kernel = "simt"}), {}, left_out);
    std::string said = "T4 " + recording.driver + "\n";
    for (const RecordedTrial& trial : recording.trials)
      said += std::to_string(trial.value_ns) + "\n";
    return said;
  }
  // Merges the databases in each order, and returns the answers that all orders give.
  std::string merged(std::vector<std::string> names) const {
    std::sort(names.begin(), names.end());
    std::string first;
    int order = 0;
    do {
      const std::string into = path_of("merged " + std::to_string(order++));
      for (const std::string& name : names) merge_database(path_of(name), into);
      const std::string said = answers(Store::open(into, Store::Mode::read_only)) + exported(into);
      if (first.empty()) first = said;
      EXPECT_EQ(said, first) << testing::PrintToString(names);
      std::filesystem::remove(into);
    } while (std::next_permutation(names.begin(), names.end()));
    EXPECT_NE(first, "");
    return first;
  }
};

TEST_F(MergeOrder, RacesCountInTheOrderInWhichTheyWereMade) {
  make("a", 100, "2025-03-01T00:00:00.000Z", true);
  make("b", 300, "2025-03-03T00:00:00.000Z", true);
  make("c", 200, "2025-03-02T00:00:00.000Z", true);
  const std::string said = merged({"a", "b", "c"});
  EXPECT_TRUE(said.starts_with("winner race,gemm,\"gemm f32 m=64,n=64,k=64\",simt,a=2 of=b,"))
      << said;
  EXPECT_NE(said.find("cublas 600.0"), std::string::npos) << "the newest baseline, too";
}

TEST_F(MergeOrder, SoDoTrialsWhereNothingWasRaced) {
  make("a", 100, "2025-03-01T00:00:00.000Z", false);
  make("b", 300, "2025-03-03T00:00:00.000Z", false);
  make("c", 200, "2025-03-02T00:00:00.000Z", false);
  merged({"a", "b", "c"});
}

// Dates have milliseconds. If two races have the same date, one of them must still decide.
TEST_F(MergeOrder, RacesOfOneMomentAreOrderedByWhatTheyHold) {
  for (const bool raced : {true, false}) {
    make("a", 100, "2025-03-01T00:00:00.000Z", raced);
    make("b", 300, "2025-03-01T00:00:00.000Z", raced);
    make("c", 200, "2025-03-01T00:00:00.000Z", raced);
    merged({"a", "b", "c"});
    for (const char* name : {"a", "b", "c"}) std::filesystem::remove(path_of(name));
  }
}

TEST_F(MergeOrder, DatabasesThatHoldEachOthersRowsAreNoDifferent) {
  make("a", 100, "2025-03-02T00:00:00.000Z", true);
  make("b", 300, "2025-03-01T00:00:00.000Z", true);
  make("c", 200, "2025-03-03T00:00:00.000Z", true);
  const std::string apart = merged({"a", "b", "c"});
  merge_database(path_of("a"), path_of("c"));
  merge_database(path_of("c"), path_of("b"));
  EXPECT_EQ(merged({"a", "b", "c"}), apart);
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
