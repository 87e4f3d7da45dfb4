// The care of a database: its summary, its faults, and what prune and vacuum remove.
#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>

#include "db/database.h"
#include "db/upkeep/check.h"
#include "db/upkeep/context_values.h"
#include "db/upkeep/info.h"
#include "db/upkeep/prune.h"
#include "db/upkeep/vacuum.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

const std::string old_digest(32, 'a'), new_digest(32, 'b');

class DbUpkeep : public DbTest {
 protected:
  static Context of_source(const std::string& digest, const std::string& kernel = "simt") {
    Context made = context(kernel);
    made.code.source_digest = digest;
    made.code.verdict_digest = std::string(32, 'c');
    return made;
  }
  // Adds a run with trials of these configurations and times.
  void add(const Context& of, std::initializer_list<double> times) {
    Store db = store();
    RunInfo info = run_info();
    info.context = of;
    const std::int64_t run = db.begin_run(info);
    int i = 0;
    for (const double ns : times) {
      db.append(run, TrialKind::search, of, "a=" + std::to_string(i++), ok(ns));
    }
    db.end_run(run, RunEnd::finished);
  }
  void race(const std::vector<std::pair<Context, double>>& finalists) {
    Store db = store();
    RunInfo info = run_info();
    info.context = finalists.front().first;
    const std::int64_t run = db.begin_run(info);
    std::vector<Store::Finalist> ranking;
    for (const auto& [of, ns] : finalists) ranking.push_back({of, "a=0", ok(ns)});
    db.append_race(run, ranking, 1);
    db.end_run(run, RunEnd::finished);
  }
  void sql(const std::string& statements) {
    SQLite::Database database(path(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA foreign_keys = OFF");
    database.exec(statements);
  }
  std::int64_t count(const std::string& table) {
    SQLite::Database database(path(), SQLite::OPEN_READONLY);
    return database.execAndGet("SELECT count(*) FROM " + table).getInt64();
  }
  // Makes all rows 100 days old.
  void age() {
    for (const std::string table : {"trial", "race"}) {
      sql("UPDATE " + table + " SET created = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-100 days')");
    }
    sql("UPDATE run SET started = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-100 days')");
  }
  std::string faults() {
    std::string text;
    for (const DatabaseFault& one : check_database(path())) {
      EXPECT_NE(one.remedy, "");
      text += one.what + '\n';
    }
    return text;
  }
};

testing::AssertionResult has(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

TEST_F(DbUpkeep, InfoCountsTheRowsOfEachOpAndDevice) {
  add(of_source(new_digest), {100, 200});
  Context other = of_source(new_digest, "rows");
  other.situation.op = "softmax";
  other.situation.problem = "softmax f32 rows=8,columns=8";
  other.situation.driver = "590.1";
  add(other, {300});
  const DatabaseInfo info = database_info(path());
  EXPECT_EQ(info.schema, schema_version());
  EXPECT_EQ(info.winners, 2);
  EXPECT_EQ(info.unfinished_runs, 0);
  EXPECT_GT(info.bytes, 0);
  ASSERT_EQ(info.ops.size(), 2u);
  EXPECT_EQ(info.ops[0].name, "gemm");
  EXPECT_EQ(info.ops[0].trials, 2);
  ASSERT_EQ(info.devices.size(), 2u);
  EXPECT_EQ(info.devices[1].driver, "590.1");
  EXPECT_EQ(info.devices[1].trials, 1);
  EXPECT_EQ(info.first, info.ops[0].first);
  EXPECT_EQ(info.last, info.ops[1].last);
  ASSERT_EQ(info.sources.size(), 1u);
  EXPECT_EQ(info.sources[0], (std::pair<std::string, std::int64_t>{"measured", 3}));
  bool has_trials = false;
  for (const auto& [table, rows] : info.tables) has_trials |= table == "trial" && rows == 3;
  EXPECT_TRUE(has_trials);
}

TEST_F(DbUpkeep, InfoOfAnEmptyDatabaseHasNoDates) {
  store();
  const DatabaseInfo info = database_info(path());
  EXPECT_EQ(info.first + info.last, "");
  EXPECT_TRUE(info.ops.empty() && info.devices.empty());
  EXPECT_THROW(database_info(folder_ / "none.db"), Error);
  EXPECT_FALSE(fs::exists(folder_ / "none.db"));
}

TEST_F(DbUpkeep, ASoundDatabaseHasNoFault) {
  add(of_source(new_digest), {100, 200});
  race({{of_source(new_digest), 100}, {of_source(new_digest, "mma"), 110}});
  EXPECT_EQ(faults(), "");
}

TEST_F(DbUpkeep, CheckFindsRowsThatContradictThemselves) {
  add(of_source(new_digest), {100, 200, 300, 400, 500, 600, 700});
  race({{of_source(new_digest), 100}});
  sql("UPDATE trial SET median_ns = 5 WHERE configuration = 'a=1'");
  EXPECT_TRUE(has(faults(), "trial 2: its median is 5 ns, but that of its samples is 200 ns"));
  sql("UPDATE trial SET outcome = 'fine' WHERE id = 3");
  EXPECT_TRUE(has(faults(), "trial 3: the outcome 'fine' is unknown"));
  sql("UPDATE trial SET samples_ns = '{}' WHERE id = 4");
  EXPECT_TRUE(has(faults(), "trial 4: its samples are no list of numbers"));
  sql("UPDATE trial SET samples_ns = '[]', median_ns = NULL WHERE id > 4");
  EXPECT_TRUE(has(faults(), "and ")) << "a long list is cut";
  sql("UPDATE finalist SET trial_id = 1");
  EXPECT_TRUE(has(faults(), "rank 1 of race 1 is trial 1, which is not a trial of that race"));
  sql("UPDATE context SET source_digest = 'xyz'");
  EXPECT_TRUE(has(faults(), "'xyz' is no digest"));
}

TEST_F(DbUpkeep, CheckFindsRowsWithoutTheirs) {
  add(of_source(new_digest), {100});
  sql("DELETE FROM context");
  EXPECT_TRUE(has(faults(), "of table context that is not there"));
}

TEST_F(DbUpkeep, CheckFindsChangedTables) {
  add(of_source(new_digest), {100});
  sql("ALTER TABLE trial RENAME COLUMN note TO remark");
  EXPECT_TRUE(has(faults(), "the columns of trial were changed"));
  sql("DROP VIEW winners");
  EXPECT_TRUE(has(faults(), "the table or view winners is missing"));
}

TEST_F(DbUpkeep, CheckFindsDamagedPages) {
  for (int i = 0; i < 40; ++i) add(of_source(new_digest), {100, 200, 300, 400, 500, 600});
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto bytes = fs::file_size(path());
  ASSERT_GT(bytes, 16 * 4096u);
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(bytes - 4 * 4096));
    file << std::string(4 * 4096, '\x5a');
  }
  const auto found = check_database(path());
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(has(found.front().remedy, ".recover"));
  std::ofstream(path()) << std::string(5000, 'x');
  EXPECT_THROW(check_database(path()), Error) << "that is no database at all";
}

TEST_F(DbUpkeep, VacuumGivesTheSpaceOfRemovedRowsBack) {
  for (int i = 0; i < 40; ++i) add(of_source(old_digest), {100, 200, 300, 400, 500, 600});
  sql("DELETE FROM trial; DELETE FROM run");
  EXPECT_GT(database_info(path()).free_bytes, 4096);
  const Vacuumed vacuumed = vacuum_database(path());
  EXPECT_LT(vacuumed.bytes_after, vacuumed.bytes_before);
  EXPECT_EQ(vacuumed.bytes_after, static_cast<std::int64_t>(fs::file_size(path())));
  EXPECT_EQ(database_info(path()).free_bytes, 0);
  EXPECT_THROW(vacuum_database(folder_ / "none.db"), Error);
  EXPECT_FALSE(fs::exists(folder_ / "none.db"));
}

TEST_F(DbUpkeep, VacuumIsRefusedWhileAnotherWrites) {
  add(of_source(new_digest), {100});
  SQLite::Database other(path(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  try {
    vacuum_database(path());
    ADD_FAILURE() << "it was not refused";
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "another process writes to it"));
  }
  other.exec("ROLLBACK");
  vacuum_database(path());
}

TEST_F(DbUpkeep, PruneRemovesWhatANewerSourceHasReplaced) {
  add(of_source(old_digest), {50, 60});
  add(of_source(new_digest), {100, 200});
  add(of_source(old_digest, "mma"), {300});  // the only source of its kernel
  EXPECT_EQ(prune_database(path(), {}).trials, 0) << "young rows stay";
  age();
  const Pruned counted = prune_database(path(), {.dry_run = true});
  EXPECT_EQ(counted.trials, 2);
  EXPECT_EQ(counted.contexts, 1);
  EXPECT_EQ(counted.runs, 1);
  EXPECT_EQ(count("trial"), 5) << "a dry run changes nothing";
  EXPECT_EQ(prune_database(path(), {.keep_days = 200}).trials, 0);
  const Pruned pruned = prune_database(path(), {});
  EXPECT_EQ(pruned.trials, 2);
  EXPECT_EQ(count("trial"), 3);
  EXPECT_EQ(count("context"), 2);
  EXPECT_EQ(store().winners({}).front().trial.measurement.median_ns(), 100);
  EXPECT_EQ(prune_database(path(), {}).trials, 0) << "nothing is left to prune";
  EXPECT_EQ(faults(), "");
}

TEST_F(DbUpkeep, PruneRemovesRunsWithoutTrials) {
  add(of_source(new_digest), {100});
  add(of_source(new_digest, "mma"), {});
  EXPECT_EQ(prune_database(path(), {}).runs, 0) << "a run that began lately may be under way";
  age();
  const Pruned pruned = prune_database(path(), {});
  EXPECT_EQ(pruned.runs, 1);
  EXPECT_EQ(pruned.contexts, 1);
  EXPECT_EQ(count("run"), 1);
}

// The latest race still counts: it says that what was known before is refuted, or who won.
TEST_F(DbUpkeep, PruneKeepsWinnersAndTheLatestRaces) {
  add(of_source(old_digest), {50, 60});
  race({{of_source(old_digest), 70}, {of_source(new_digest, "mma"), 80}});
  race({{of_source(old_digest), 75}, {of_source(new_digest, "mma"), 85}});
  add(of_source(new_digest), {100});
  age();
  const std::vector<Winner> before = store().winners({});
  ASSERT_EQ(before.size(), 1u);
  prune_database(path(), {});
  const std::vector<Winner> after = store().winners({});
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].trial.id, before[0].trial.id);
  EXPECT_EQ(count("race"), 2) << "the contexts of a latest race stay, with all that they have";
  EXPECT_EQ(faults(), "");
}

TEST_F(DbUpkeep, PruneRemovesWholeRaces) {
  race({{of_source(old_digest), 70}, {of_source(old_digest, "mma"), 80}});
  add(of_source(new_digest), {100});
  add(of_source(new_digest, "mma"), {110});
  race({{of_source(new_digest), 100}, {of_source(new_digest, "mma"), 110}});
  age();
  const Pruned pruned = prune_database(path(), {});
  EXPECT_EQ(pruned.races, 1);
  EXPECT_EQ(pruned.trials, 2);
  EXPECT_EQ(count("finalist"), 2);
  EXPECT_EQ(faults(), "");
}

TEST_F(DbUpkeep, ValuesAreThoseOfTheRows) {
  add(of_source(new_digest), {100});
  const ContextValues values = context_values(path());
  EXPECT_EQ(values.ops, std::set<std::string>{"gemm"});
  EXPECT_EQ(values.devices, std::set<std::string>{"NVIDIA H200"});
  EXPECT_TRUE(context_values(path(), "softmax").problems.empty());
}

}  // namespace
}  // namespace tw
