// Opening: what cannot be a database says so in one line; schemas move forward, never halfway.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <fstream>
#include <string>
#include <thread>

#include "database.h"
#include "db_fixture.h"

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
  const std::string known = std::to_string(migrations().size());
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
  const std::string media = folder_ / "100%?#medium";  // characters that mean something in a URI
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

// Limits the size of databases that are opened while it lives.
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

// A later schema, as it may look one day.
constexpr const char* first = "CREATE TABLE context (id INTEGER PRIMARY KEY, op TEXT) STRICT;";
constexpr const char* second = "ALTER TABLE context ADD COLUMN vendor TEXT NOT NULL DEFAULT 'nv';";
constexpr const char* broken = "ALTER TABLE context ADD COLUMN one TEXT; ALTER TABLE nonsense;";

int version_of(const std::string& path) {
  return SQLite::Database(path).execAndGet("PRAGMA user_version").getInt();
}

TEST_F(DbOpen, AnOlderSchemaIsMigratedAndKeepsItsRows) {
  const char* const old_steps[] = {first};
  const char* const new_steps[] = {first, second};
  open_database(path(), Mode::read_write, old_steps).exec("INSERT INTO context (op) VALUES ('x')");
  EXPECT_EQ(version_of(path()), 1);
  EXPECT_THROW(open_database(path(), Mode::read_only, new_steps), Error);
  SQLite::Database database = open_database(path(), Mode::read_write, new_steps);
  EXPECT_EQ(version_of(path()), 2);
  EXPECT_EQ(database.execAndGet("SELECT op || vendor FROM context").getString(), "xnv");
  EXPECT_THROW(open_database(path(), Mode::read_write, old_steps), Error) << "a newer schema";
}

TEST_F(DbOpen, AMigrationThatFailsChangesNothing) {
  const char* const old_steps[] = {first};
  const char* const bad_steps[] = {first, second, broken};
  open_database(path(), Mode::read_write, old_steps);
  EXPECT_THROW(open_database(path(), Mode::read_write, bad_steps), Error);
  EXPECT_EQ(version_of(path()), 1);
  SQLite::Database database(path());
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM pragma_table_info('context')").getInt(), 2);
}

TEST_F(DbOpen, TwoMigrateAtOnceWithoutHarm) {
  const char* const old_steps[] = {first};
  const char* const new_steps[] = {first, second};
  open_database(path(), Mode::read_write, old_steps);
  std::vector<std::string> failures(4);
  std::vector<std::thread> threads;
  for (std::string& failure : failures) {
    threads.emplace_back([&] {
      try {
        open_database(path(), Mode::read_write, new_steps);
      } catch (const std::exception& error) {
        failure = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
  EXPECT_EQ(version_of(path()), 2);
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
