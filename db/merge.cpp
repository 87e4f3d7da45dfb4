#include "merge.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "database.h"
#include "rows.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

// Theirs are in the schema `other`, ours in `main`. What runs on the cpu device or on a recording
// says nothing to others.
constexpr const char* their_runs =
    "SELECT r.id FROM other.run r JOIN other.context c ON c.id = r.context_id "
    "WHERE c.source IN ('measured', 'imported') ORDER BY r.id";

// A run is the same if it began at the same moment, on the same GPU, by the same command.
constexpr const char* same_run =
    "SELECT mine.id FROM other.run r JOIN other.context c ON c.id = r.context_id "
    "JOIN main.run mine ON (mine.started, mine.seed, mine.command, mine.device_uuid, "
    "mine.commit_id) "
    "= (r.started, r.seed, r.command, r.device_uuid, r.commit_id) "
    "JOIN main.context m ON m.id = mine.context_id "
    "AND (m.op, m.problem, m.kernel) = (c.op, c.problem, c.kernel) WHERE r.id = ?1";

constexpr const char* their_context =
    "c.op, c.problem, c.kernel, c.source_digest, c.device_model, c.device_limits, c.driver, "
    "c.toolchain, c.protocol, c.l2, 'imported'";

// context_columns of ours, in the same order.
constexpr const char* our_context =
    "m.op, m.problem, m.kernel, m.source_digest, m.device_model, m.device_limits, m.driver, "
    "m.toolchain, m.protocol, m.l2, m.source";

constexpr const char* run_facts =
    "started, ended, status, space_digest, space_size, strategy, seed, command, device_uuid, "
    "device, commit_id";

constexpr const char* trial_facts =
    "created, kind, configuration, outcome, note, median_ns, samples_ns, compile_ms, registers, "
    "spill_bytes, smem_bytes, blocks_per_sm, error_ulps, timer, metrics";

class Merge {
 public:
  explicit Merge(SQLite::Database& database) : database_(database) {}

  Merged run() {
    std::vector<std::int64_t> theirs;
    SQLite::Statement runs(database_, their_runs);
    while (runs.executeStep()) theirs.push_back(runs.getColumn(0).getInt64());
    for (const std::int64_t run : theirs) take_run(run);
    return merged_;
  }

 private:
  template <class... Values>
  void execute(const std::string& text, Values... values) {
    SQLite::Statement statement(database_, text);
    int at = 0;
    (statement.bind(++at, values), ...);
    statement.exec();
  }

  // The first column of the first row; 0 if there is none.
  template <class... Values>
  std::int64_t number(const std::string& text, Values... values) {
    SQLite::Statement statement(database_, text);
    int at = 0;
    (statement.bind(++at, values), ...);
    return statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
  }

  void take_run(std::int64_t theirs) {
    // Of the run itself and of its trials.
    execute(fmt::format("INSERT OR IGNORE INTO main.context ({}) SELECT {} FROM other.context c "
                        "WHERE c.id IN (SELECT context_id FROM other.trial WHERE run_id = ?1 "
                        "UNION SELECT context_id FROM other.run WHERE id = ?1)",
                        context_columns, their_context),
            theirs);
    std::int64_t ours = number(same_run, theirs);
    if (ours == 0) {
      execute(
          fmt::format("INSERT INTO main.run (context_id, {0}) SELECT m.id, {0} FROM other.run r "
                      "JOIN other.context c ON c.id = r.context_id "
                      "JOIN main.context m ON ({1}) = ({2}) WHERE r.id = ?1",
                      run_facts, our_context, their_context),
          theirs);
      ours = database_.getLastInsertRowid();
      ++merged_.runs;
    } else {
      execute(
          "UPDATE main.run SET (ended, status) = (SELECT ended, status FROM other.run "
          "WHERE id = ?1) WHERE id = ?2 AND ended IS NULL",
          theirs, ours);
    }
    take_trials(theirs, ours);
    take_races(theirs, ours);
  }

  // Rows are only ever added, so that one copy of a run is the beginning of the other.
  void take_trials(std::int64_t theirs, std::int64_t ours) {
    const std::int64_t known = number("SELECT count(*) FROM main.trial WHERE run_id = ?1", ours);
    execute(fmt::format("INSERT INTO main.trial (run_id, context_id, {0}) "
                        "SELECT ?2, m.id, {0} FROM other.trial t "
                        "JOIN other.context c ON c.id = t.context_id "
                        "JOIN main.context m ON ({1}) = ({2}) "
                        "WHERE t.run_id = ?1 ORDER BY t.id LIMIT -1 OFFSET ?3",
                        trial_facts, our_context, their_context),
            theirs, ours, known);
    const std::int64_t all = number("SELECT count(*) FROM main.trial WHERE run_id = ?1", ours);
    merged_.trials += all - known;
    merged_.known +=
        number("SELECT count(*) FROM other.trial WHERE run_id = ?1", theirs) - (all - known);
  }

  void take_races(std::int64_t theirs, std::int64_t ours) {
    const std::int64_t known = number("SELECT count(*) FROM main.race WHERE run_id = ?1", ours);
    std::vector<std::int64_t> races;
    SQLite::Statement query(
        database_, "SELECT id FROM other.race WHERE run_id = ?1 ORDER BY id LIMIT -1 OFFSET ?2");
    query.bind(1, theirs);
    query.bind(2, known);
    while (query.executeStep()) races.push_back(query.getColumn(0).getInt64());
    for (const std::int64_t race : races) {
      execute(
          "INSERT INTO main.race (run_id, created) SELECT ?2, created FROM other.race "
          "WHERE id = ?1",
          race, ours);
      // The n-th trial of their copy of the run is the n-th of ours.
      execute(
          "WITH theirs AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM other.trial "
          "                WHERE run_id = ?2), "
          "     ours AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM main.trial "
          "              WHERE run_id = ?3) "
          "INSERT INTO main.finalist (race_id, rank, trial_id, tied) "
          "SELECT ?4, f.rank, ours.id, f.tied FROM other.finalist f "
          "JOIN theirs ON theirs.id = f.trial_id JOIN ours USING (n) WHERE f.race_id = ?1",
          race, theirs, ours, database_.getLastInsertRowid());
    }
  }

  SQLite::Database& database_;
  Merged merged_;
};

}  // namespace

Merged merge_database(const std::string& from, const std::string& into) {
  open_database(from, Store::Mode::read_only);  // throws if it is none of ours
  std::error_code none;
  if (fs::equivalent(from, into, none)) {
    throw Error(fmt::format("{}: is the database that is merged into: name another", from));
  }
  std::string at = into;
  try {
    SQLite::Database database = open_database(into, Store::Mode::read_write);
    at = from;
    SQLite::Statement attach(database, "ATTACH DATABASE ? AS other");
    attach.bind(1, from);
    attach.exec();
    at = into;
    Write write(database);
    const Merged merged = Merge(database).run();
    write.commit();
    return merged;
  } catch (const SQLite::Exception& error) {
    throw in_words(error, at);
  }
}

}  // namespace tw
