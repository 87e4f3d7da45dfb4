// Opening: a file that cannot be a database gives an error of one line. Schemas are upgraded
// completely or not at all.
// Longer than 400 lines: every schema and every fault of a file shares one fixture.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <fstream>
#include <string>
#include <thread>

#include "db/database.h"
#include "unit/db/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
using Mode = Store::Mode;
using testing::AssertionResult;

AssertionResult has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos
             ? testing::AssertionSuccess()
             : testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

class DbOpen : public DbTest {
 protected:
  void fill(int rows) {
    Store db = store();
    const std::int64_t run = db.begin_run(run_info());
    for (int i = 0; i < rows; ++i) {
      db.append(run, TrialKind::search, context(), "a=" + std::to_string(i), ok(100));
    }
  }
  std::string refused(Mode mode = Mode::read_write) const { return refusal(path(), mode); }
};

TEST_F(DbOpen, MakesTheFileAndItsFolders) {
  const std::string deep = folder_ / "new/folders/x.db";
  EXPECT_EQ(refusal(deep, Mode::read_write), "");
  EXPECT_TRUE(fs::is_regular_file(deep));
  EXPECT_EQ(refusal(deep, Mode::read_only), "");
}

TEST_F(DbOpen, AnEmptyFileIsANewDatabase) {
  std::ofstream(path()).close();
  EXPECT_TRUE(has(refused(Mode::read_only), "is empty"));
  fill(1);
  EXPECT_EQ(refused(), "");
}

TEST_F(DbOpen, AFolderIsNoDatabase) {
  EXPECT_TRUE(has(refusal(folder_ / "", Mode::read_write), "is a folder: name a file in it"));
  EXPECT_TRUE(has(refusal(folder_ / "", Mode::read_only), "is a folder"));
}

TEST_F(DbOpen, NeitherIsADevice) {
  EXPECT_TRUE(has(refusal("/dev/null", Mode::read_write), "not a regular file"));
}

TEST_F(DbOpen, AMissingOneCannotBeRead) {
  EXPECT_TRUE(has(refused(Mode::read_only), "there is no such database"));
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(DbOpen, ANameIsAFileNameWhateverSqliteMakesOfIt) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "");
  EXPECT_EQ(refusal(":memory:", Mode::read_write), "");
  EXPECT_TRUE(fs::is_regular_file(":memory:"));
  fs::current_path(before);
}

TEST_F(DbOpen, TextIsNoDatabase) {
  std::ofstream(path()) << "m,n,k,ms\n" << std::string(5000, '1');
  EXPECT_TRUE(has(refused(), "is not an SQLite database"));
  EXPECT_TRUE(has(refused(Mode::read_only), "is not an SQLite database"));
  EXPECT_EQ(fs::file_size(path()), 5009u) << "and it is left alone";
}

TEST_F(DbOpen, ADatabaseOfAnotherProgramIsLeftAlone) {
  SQLite::Database other(path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  other.exec("CREATE TABLE photos (x); PRAGMA user_version = 1");
  EXPECT_TRUE(has(refused(), "of another program"));
  EXPECT_TRUE(has(refused(Mode::read_only), "of another program"));
  EXPECT_EQ(other.execAndGet("PRAGMA journal_mode").getString(), "delete");
}

TEST_F(DbOpen, ATruncatedOneSaysSo) {
  fill(200);
  fs::resize_file(path(), 8192);
  EXPECT_TRUE(has(refused(), "damaged or truncated"));
  EXPECT_TRUE(has(refused(Mode::read_only), "damaged or truncated"));
}

TEST_F(DbOpen, ADamagedOneSaysSoAtTheLatestWhenItIsRead) {
  fill(200);
  const auto bytes = fs::file_size(path());
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(bytes - 4096, '\x5a');
  file.close();
  try {
    Store::open(path(), Mode::read_only).trials({});
    ADD_FAILURE() << "read a damaged database";
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "damaged or truncated"));
  }
}

TEST_F(DbOpen, ANewerSchemaAsksForAnUpgrade) {
  fill(1);
  SQLite::Database(path(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 7");
  const std::string known = std::to_string(newest_schema().version());
  EXPECT_TRUE(has(refused(),
                  "made by a newer tilewright: schema 7, this one knows " + known + ": upgrade"));
  EXPECT_TRUE(has(refused(Mode::read_only), "schema 7"));
}

TEST_F(DbOpen, ASchemaThatNoVersionHadIsDamage) {
  fill(1);
  for (const char* version : {"-5", "0"}) {
    SQLite::Database(path(), SQLite::OPEN_READWRITE)
        .exec(std::string("PRAGMA user_version = ") + version);
    const std::string says = std::string("damaged: its header says schema ") + version;
    EXPECT_TRUE(has(refused(), says));
    EXPECT_TRUE(has(refused(Mode::read_only), says));
  }
}

TEST_F(DbOpen, TablesOfAnotherShapeNameTheRemedy) {
  fill(1);
  SQLite::Database(path(), SQLite::OPEN_READWRITE).exec("DROP VIEW winners");
  try {
    Store::open(path(), Mode::read_only).winners({});
    ADD_FAILURE() << "read a view that is not there";
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "its tables were changed (no such table: winners): restore it"));
  }
}

constexpr fs::perms read_all =
    fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
constexpr fs::perms enter_all =
    fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;

TEST_F(DbOpen, AReadOnlyFileCanBeReadButNotWritten) {
  fill(3);
  fs::permissions(path(), read_all);
  const WithoutRoot nobody;
  EXPECT_TRUE(has(refused(), "cannot be written"));
  EXPECT_EQ(Store::open(path(), Mode::read_only).trials({}).size(), 3u);
}

TEST_F(DbOpen, WhatMayNotBeReadSaysSo) {
  fill(1);
  fs::permissions(path(), fs::perms::none);
  {
    const WithoutRoot nobody;
    EXPECT_TRUE(has(refused(Mode::read_only), "cannot be read"));
  }
  fs::permissions(folder_ / "", fs::perms::none);
  const WithoutRoot nobody;
  EXPECT_TRUE(has(refused(), "cannot be reached: Permission denied"));
}

TEST_F(DbOpen, AReadOnlyFolderCanBeReadButNotWritten) {
  const std::string media = folder_ / "100%?#medium";  // these characters have a meaning in a URI
  fs::create_directory(media);
  const std::string file = media + "/x.db";
  {
    Store db = Store::open(file, Mode::read_write);
    db.append(db.begin_run(run_info()), TrialKind::search, context(), "a=1", ok(100));
  }
  fs::permissions(file, fs::perms::all);
  fs::permissions(media, read_all | enter_all);
  {
    const WithoutRoot nobody;
    EXPECT_TRUE(has(refusal(file, Mode::read_write), "its folder"));
    EXPECT_TRUE(has(refusal(media + "/new.db", Mode::read_write), "its folder"));
    EXPECT_TRUE(has(refusal(media + "/new/x.db", Mode::read_write), "cannot create its folder"));
    EXPECT_EQ(Store::open(file, Mode::read_only).trials({}).size(), 1u);
  }
  fs::permissions(media, fs::perms::all);
  std::ofstream(file + "-wal") << "rows";  // left by a crash
  fs::permissions(file + "-wal", read_all);
  fs::permissions(media, read_all | enter_all);
  {
    const WithoutRoot nobody;
    EXPECT_TRUE(has(refusal(file, Mode::read_only), "copy both files to a writable folder"));
  }
  fs::permissions(media, fs::perms::all);
}

// Limits the size of the databases that are opened while the object lives.
class FullDisk {
 public:
  explicit FullDisk(int pages) {
    limit() = pages;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&shrink));
  }
  ~FullDisk() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&shrink)); }

 private:
  static int& limit() {
    static int pages = 0;
    return pages;
  }
  static int shrink(sqlite3* database, char**, const void*) {
    const std::string pragma = "PRAGMA max_page_count = " + std::to_string(limit());
    return sqlite3_exec(database, pragma.c_str(), nullptr, nullptr, nullptr);
  }
};

TEST_F(DbOpen, AFullDiskKeepsWhatWasWritten) {
  int written = 0;
  {
    const FullDisk disk(60);
    Store db = store();
    const std::int64_t run = db.begin_run(run_info());
    try {
      for (; written < 100000; ++written) {
        db.append(run, TrialKind::search, context(), "a=" + std::to_string(written), ok(100));
      }
      ADD_FAILURE() << "the disk was never full";
    } catch (const Error& error) {
      EXPECT_TRUE(has(error.what(), "the disk is full"));
    }
    EXPECT_GT(written, 10);
    EXPECT_EQ(db.known(context()).size(), static_cast<std::size_t>(written)) << "still usable";
  }
  Store db = store();  // there is space again
  EXPECT_EQ(db.known(context()).size(), static_cast<std::size_t>(written));
  db.append(db.begin_run(run_info()), TrialKind::search, context(), "b=1", ok(1));
}

TEST_F(DbOpen, AFullDiskLeavesNoHalfMadeDatabase) {
  {
    const FullDisk disk(3);
    EXPECT_TRUE(has(refused(), "the disk is full"));
  }
  EXPECT_EQ(refused(), "");
}

// A possible later schema.
constexpr const char* first = "CREATE TABLE context (id INTEGER PRIMARY KEY, op TEXT) STRICT;";
constexpr const char* second =
    "CREATE TABLE context (id INTEGER PRIMARY KEY, op TEXT, vendor TEXT NOT NULL) STRICT;";
constexpr const char* to_second =
    "ALTER TABLE context ADD COLUMN vendor TEXT NOT NULL DEFAULT 'nv';";
constexpr const char* broken = "ALTER TABLE context ADD COLUMN one TEXT; ALTER TABLE nonsense;";
constexpr const char* some_view =
    "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT count(*) AS n FROM context;";
constexpr const char* good_upgrades[] = {to_second};
constexpr const char* bad_upgrades[] = {to_second, broken};
const Schema old_schema{first, {}, some_view};
const Schema new_schema{second, good_upgrades, some_view};
const Schema bad_schema{second, bad_upgrades, some_view};

int version_of(const std::string& path) {
  return SQLite::Database(path).execAndGet("PRAGMA user_version").getInt();
}

TEST_F(DbOpen, AnOlderSchemaIsMigratedAndKeepsItsRows) {
  open_database(path(), Mode::read_write, old_schema).exec("INSERT INTO context (op) VALUES ('x')");
  EXPECT_EQ(version_of(path()), 1);
  EXPECT_THROW(open_database(path(), Mode::read_only, new_schema), Error);
  SQLite::Database database = open_database(path(), Mode::read_write, new_schema);
  EXPECT_EQ(version_of(path()), 2);
  EXPECT_EQ(database.execAndGet("SELECT op || vendor FROM context").getString(), "xnv");
  EXPECT_EQ(database.execAndGet("SELECT n FROM v").getInt(), 1);
  EXPECT_THROW(open_database(path(), Mode::read_write, old_schema), Error) << "a newer schema";
}

TEST_F(DbOpen, AMigrationThatFailsChangesNothing) {
  open_database(path(), Mode::read_write, old_schema);
  EXPECT_THROW(open_database(path(), Mode::read_write, bad_schema), Error);
  EXPECT_EQ(version_of(path()), 1);
  SQLite::Database database(path());
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM pragma_table_info('context')").getInt(), 2);
}

TEST_F(DbOpen, TwoMigrateAtOnceWithoutHarm) {
  open_database(path(), Mode::read_write, old_schema);
  std::vector<std::string> failures(4);
  std::vector<std::thread> threads;
  for (std::string& failure : failures) {
    threads.emplace_back([&] {
      try {
        open_database(path(), Mode::read_write, new_schema);
      } catch (const std::exception& error) {
        failure = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
  EXPECT_EQ(version_of(path()), 2);
}

// Returns the names, columns and texts of everything in a database, without blanks and comments.
std::vector<std::string> shape_of(const std::string& path) {
  const SQLite::Database database(path);
  std::vector<std::string> shape;
  SQLite::Statement columns(database,
                            "SELECT m.type, m.name, group_concat(p.name || ' ' || p.type) FROM "
                            "sqlite_master m JOIN pragma_table_info(m.name) p GROUP BY m.name");
  while (columns.executeStep()) {
    shape.push_back(columns.getColumn(0).getString() + " " + columns.getColumn(1).getString() +
                    ": " + columns.getColumn(2).getString());
  }
  SQLite::Statement others(database,
                           "SELECT name || coalesce(sql, '') FROM sqlite_master WHERE type IN "
                           "('view', 'index') ORDER BY name");
  while (others.executeStep()) shape.push_back(others.getColumn(0).getString());
  return shape;
}

// Makes a database with version 1 of the schema, and rows in all of its tables.
void make_version_1(const std::string& path) {
  std::ifstream file(test_data("schema_1.sql"));
  const std::string schema{std::istreambuf_iterator<char>(file), {}};
  SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec(schema);
  database.exec(
      "PRAGMA application_id = 1414089797; PRAGMA user_version = 1;"
      "INSERT INTO context VALUES (1, 'gemm', 'gemm f32 m=64,n=64,k=64', 'simt', 'd1', "
      "'NVIDIA H200', 'cc=90 sms=132', '580.159', 'NVRTC 13.0', 1, 'cold', 'measured');"
      "INSERT INTO run VALUES (1, 1, '2025-01-01T00:00:00.000Z', NULL, 'finished', 's', 3, "
      "'exhaustive', 1, 'tune', 'gpu', '{}', 'c');"
      "INSERT INTO race (id, run_id) VALUES (1, 1);");
  for (const char* row :
       {"1, 'search', 'a=1', 'ok', 100, '[100]'", "2, 'search', 'a=2', 'faulted', NULL, '[]'",
        "3, 'race', 'a=1', 'ok', 90, '[90]'"}) {
    database.exec(std::string("INSERT INTO trial (id, kind, configuration, outcome, median_ns, "
                              "samples_ns, run_id, context_id, note, compile_ms, registers, "
                              "spill_bytes, smem_bytes, blocks_per_sm, error_ulps, timer, metrics) "
                              "VALUES (") +
                  row + ", 1, 1, '', 0, 0, 0, 0, 0, 0, 'cupti', '{}')");
  }
  database.exec("INSERT INTO finalist VALUES (1, 1, 3, 1)");
}

TEST_F(DbOpen, ADatabaseOfVersion1KeepsItsRowsAndItsWinnerButReusesNoVerdict) {
  make_version_1(path());
  EXPECT_TRUE(has(refused(Mode::read_only), "has the older schema 1"));
  Store db = store();
  const std::vector<Winner> winners = db.winners({});
  ASSERT_EQ(winners.size(), 1u);
  EXPECT_EQ(winners[0].trial.configuration, "a=1");
  EXPECT_TRUE(winners[0].raced);
  EXPECT_EQ(winners[0].trial.context.code.verdict_digest, "");
  EXPECT_EQ(db.trials({}).size(), 3u);
  Context then = context();
  then.code.verdict_digest.clear();
  EXPECT_EQ(db.known(then).size(), 2u);
  EXPECT_TRUE(db.known(context()).empty());
  db.append(db.begin_run(run_info()), TrialKind::search, context(), "a=1", ok(1));
  EXPECT_EQ(db.known(context()).size(), 1u);
  SQLite::Database raw(path());
  EXPECT_EQ(raw.execAndGet("SELECT count(*) FROM pragma_foreign_key_check").getInt(), 0);
  EXPECT_EQ(raw.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST_F(DbOpen, AnUpgradedDatabaseHasTheShapeOfANewOne) {
  make_version_1(path());
  store();
  const std::string fresh = folder_ / "new.db";
  Store::open(fresh, Mode::read_write);
  EXPECT_EQ(shape_of(path()), shape_of(fresh));
}

// Makes the tables as version 3 had them, without views.
void drop_what_4_added(SQLite::Database& database) {
  for (const char* view :
       {"trials", "runs", "winners", "winners_by_energy", "winners_by_time_energy", "verdict"}) {
    database.exec(std::string("DROP VIEW ") + view);
  }
  database.exec(
      "ALTER TABLE run DROP COLUMN objective; ALTER TABLE trial DROP COLUMN energy_mj;"
      "ALTER TABLE trial DROP COLUMN mean_power_w; PRAGMA user_version = 3");
}

TEST_F(DbOpen, ADatabaseOfVersion2KeepsItsRows) {
  fill(2);
  {
    SQLite::Database raw(path(), SQLite::OPEN_READWRITE);
    drop_what_4_added(raw);
    raw.exec("ALTER TABLE context DROP COLUMN epilogue; PRAGMA user_version = 2");
  }
  EXPECT_TRUE(has(refused(Mode::read_only), "has the older schema 2"));
  Store db = store();
  EXPECT_EQ(db.known(context()).size(), 2u);
  EXPECT_EQ(db.winners({})[0].trial.context.situation.epilogue, "");
  const std::string fresh = folder_ / "new.db";
  Store::open(fresh, Mode::read_write);
  EXPECT_EQ(shape_of(path()), shape_of(fresh));
}

TEST_F(DbOpen, ADatabaseOfVersion3KeepsItsRowsAsThoseOfSearchesByTime) {
  fill(2);
  {
    SQLite::Database raw(path(), SQLite::OPEN_READWRITE);
    drop_what_4_added(raw);
  }
  EXPECT_TRUE(has(refused(Mode::read_only), "has the older schema 3"));
  Store db = store();
  EXPECT_EQ(db.known(context()).size(), 2u);
  EXPECT_EQ(db.known(context()).front().measurement.energy_mj, 0);
  EXPECT_EQ(db.runs().front().info.objective, Objective::time);
  EXPECT_EQ(db.winners({}).size(), 1u);
  EXPECT_TRUE(db.winners({.objective = Objective::energy}).empty());
  const std::string fresh = folder_ / "new.db";
  Store::open(fresh, Mode::read_write);
  EXPECT_EQ(shape_of(path()), shape_of(fresh));
}

TEST_F(DbOpen, TheViewsAnswerThePlainShell) {
  fill(2);
  const SQLite::Database shell(path());
  SQLite::Statement trials(shell, "SELECT configuration, median_ns, samples, outcome FROM trials");
  ASSERT_TRUE(trials.executeStep());
  EXPECT_EQ(trials.getColumn("median_ns").getDouble(), 100);
  EXPECT_EQ(trials.getColumn("samples").getInt(), 3);
  SQLite::Statement winners(
      shell, "SELECT problem, kernel, configuration, median_ns, raced, tied, speedup FROM winners");
  ASSERT_TRUE(winners.executeStep());
  EXPECT_EQ(winners.getColumn("tied").getString(), "[]");
  SQLite::Statement runs(shell, "SELECT status, trials FROM runs");
  ASSERT_TRUE(runs.executeStep());
  EXPECT_EQ(runs.getColumn("status").getString(), "running");
  EXPECT_EQ(runs.getColumn("trials").getInt(), 2);
}

}  // namespace
}  // namespace tw
