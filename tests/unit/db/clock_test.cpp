// A clock was set back between rows: their order is the order in which they were written.
#include <SQLiteCpp/SQLiteCpp.h>

#include "db/exchange/merge.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

class DbClock : public DbTest {
 protected:
  void change(const std::string& sql) const {
    SQLite::Database(path(), SQLite::OPEN_READWRITE).exec(sql);
  }
  // Makes each row a day older than the row before it.
  void turn_back() const {
    for (const auto& [table, column] :
         {std::pair{"trial", "created"}, {"race", "created"}, {"run", "started"}}) {
      change(std::string("UPDATE ") + table + " SET " + column +
             " = strftime('%Y-%m-%dT%H:%M:%fZ', '2020-01-01', '-' || id || ' days')");
    }
  }
  // Writes each configuration twice, two races and two baselines.
  void fill() const {
    Store db = store();
    Context library = context("cublas");
    for (const double ns : {100.0, 200.0}) {
      const std::int64_t run = db.begin_run(run_info());
      db.append(run, TrialKind::baseline, library, "", ok(3 * ns));
      db.append(run, TrialKind::search, context(), "a=1", ok(ns));
      db.append(run, TrialKind::search, context(), "a=2", ok(ns + 10));
      db.append_race(run, {{context(), "a=2", ok(ns)}, {context(), "a=1", ok(ns + 5)}}, 1);
      db.end_run(run, RunEnd::finished);
    }
  }
  // Returns everything that a store says of measurements, without dates.
  static std::vector<std::string> answers(const Store& db, const char* source) {
    std::vector<std::string> said;
    const auto say = [&](const char* what, const Trial& trial) {
      said.push_back(std::string(what) + " " + trial.configuration + " " +
                     std::to_string(trial.measurement.median_ns()));
    };
    for (const Trial& trial : db.trials({.limit = 5})) say("trial", trial);
    for (const Winner& winner : db.winners({.source = source})) {
      say("winner", winner.trial);
      said.push_back(std::to_string(winner.baseline_ns.value_or(0)));
      for (const Trial& trial : db.known(winner.trial.context)) say("known", trial);
      for (const Trial& trial : db.finalists(winner.trial.id)) say("finalist", trial);
      const auto& [situation, code] = winner.trial.context;
      if (const auto baseline = db.baseline(situation, code.verdict_digest)) {
        say("baseline", *baseline);
      }
    }
    return said;
  }
};

TEST_F(DbClock, RowsCountInTheOrderInWhichTheyWereWritten) {
  fill();
  const std::vector<std::string> before = answers(store(), "measured");
  EXPECT_EQ(before[0], "trial a=1 205.000000");
  turn_back();
  EXPECT_EQ(answers(store(), "measured"), before);
  EXPECT_GT(store().trials({}).back().created, store().trials({}).front().created);
}

// Imported rows are ordered by their dates, because the order of merging must not matter.
TEST_F(DbClock, MergingGoesByTheDates) {
  fill();
  const std::string other = folder_ / "other.db";
  EXPECT_EQ(merge_database(path(), other).trials, 10);
  EXPECT_EQ(merge_database(path(), other).known, 10);
  turn_back();
  const std::string third = folder_ / "third.db";
  EXPECT_EQ(merge_database(path(), third).trials, 10);
  const auto winner = [](const std::string& from) {
    const Store merged = Store::open(from, Store::Mode::read_write);
    return merged.winners({.source = "imported"}).at(0).trial.measurement.median_ns();
  };
  EXPECT_EQ(winner(other), 200);
  EXPECT_EQ(winner(third), 100) << "its race is dated later";
}

TEST_F(DbClock, ARunDoesNotEndBeforeItStarted) {
  Store db = store();
  const std::int64_t run = db.begin_run(run_info());
  change("UPDATE run SET started = '2099-01-01T00:00:00.000Z'");
  db.end_run(run, RunEnd::finished);
  SQLite::Database raw(path());
  EXPECT_EQ(raw.execAndGet("SELECT ended >= started FROM run").getInt(), 1);
}

TEST_F(DbClock, OneLineSaysThatTheClockIsBehind) {
  Store db = store();
  EXPECT_EQ(db.clock_notice(), "");
  const std::int64_t run = db.begin_run(run_info());
  db.append(run, TrialKind::search, context(), "a=1", ok(100));
  EXPECT_EQ(db.clock_notice(), "");
  change("UPDATE trial SET created = '2099-01-01T00:00:00.000Z'");
  const std::string notice = db.clock_notice();
  EXPECT_EQ(notice.find(path() + ": its latest row is from 2099-01-01"), 0u) << notice;
  EXPECT_EQ(notice.find('\n'), notice.npos);
  db.append(run, TrialKind::search, context(), "a=1", ok(100));
  EXPECT_EQ(db.clock_notice(), "");  // only once
}

}  // namespace
}  // namespace tw
