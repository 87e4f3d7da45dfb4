#include "db/upkeep/prune.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "db/database.h"

namespace tw {
namespace {

// The contexts whose trials go. A context is replaced if its kernel has ok trials of another source
// or of a newer protocol, and if they are newer than all ok trials of its own source. The order is
// that of the view `winners`: ids, or for imported rows dates. Baselines are never replaced.
constexpr const char* find_replaced = R"sql(
CREATE TEMP TABLE replaced AS
WITH code AS (
  SELECT c.op, c.problem, c.kernel, c.device_model, c.device_limits, c.l2, c.source,
         c.source_digest, c.protocol,
         max(CASE c.source WHEN 'imported' THEN t.created ELSE printf('%020d', t.id) END) AS newest
  FROM context c JOIN trial t ON t.context_id = c.id
  WHERE t.outcome = 'ok' AND t.kind <> 'baseline'
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
SELECT c.id FROM context c
WHERE EXISTS (SELECT 1 FROM trial t WHERE t.context_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM trial t WHERE t.context_id = c.id
                  AND (t.kind = 'baseline' OR t.created >= :cutoff))
  AND EXISTS (
    SELECT 1 FROM code n
    WHERE n.op = c.op AND n.problem = c.problem AND n.kernel = c.kernel
      AND n.device_model = c.device_model AND n.device_limits = c.device_limits AND n.l2 = c.l2
      AND n.source = c.source AND n.protocol >= c.protocol
      AND (n.protocol > c.protocol OR n.source_digest <> c.source_digest)
      AND n.newest > coalesce((
        SELECT max(o.newest) FROM code o
        WHERE o.op = c.op AND o.problem = c.problem AND o.kernel = c.kernel
          AND o.device_model = c.device_model AND o.device_limits = c.device_limits
          AND o.l2 = c.l2 AND o.source = c.source AND o.source_digest = c.source_digest
          AND o.protocol = c.protocol), ''))
  AND c.id NOT IN (SELECT t.context_id FROM trial t
                   WHERE t.run_id IN (SELECT run FROM temp.won)))sql";

// The latest race of a problem on a device says who won even if its winner has been replaced.
// Without this race, an older one would decide.
constexpr const char* keep_latest_races = R"sql(
DELETE FROM temp.replaced WHERE id IN (
  SELECT t.context_id FROM finalist f JOIN trial t ON t.id = f.trial_id
  WHERE f.race_id IN (
    SELECT race_id FROM (
      SELECT g.race_id, max(CASE c.source WHEN 'imported' THEN r.created
                                          ELSE printf('%020d', r.id) END)
      FROM finalist g JOIN race r ON r.id = g.race_id JOIN trial u ON u.id = g.trial_id
           JOIN context c ON c.id = u.context_id
      GROUP BY c.op, c.problem, c.device_model, c.device_limits, c.l2, c.source))))sql";

// A race stays whole: the contexts of its other finalists stay too. A race can join several
// kernels, so this is repeated until nothing changes.
constexpr const char* keep_shared_races = R"sql(
DELETE FROM temp.replaced WHERE id IN (
  SELECT t.context_id FROM finalist f JOIN trial t ON t.id = f.trial_id
  WHERE f.race_id IN (
    SELECT g.race_id FROM finalist g JOIN trial u ON u.id = g.trial_id
    WHERE u.context_id NOT IN (SELECT id FROM temp.replaced))))sql";

std::int64_t removed(SQLite::Database& database, const std::string& statement) {
  return database.exec(statement);
}

// The winners as text, without what a removal may change: the numbers of rows stay.
std::vector<std::string> winners_of_all(SQLite::Database& database) {
  SQLite::Statement rows(database,
                         "SELECT json_array(op, problem, kernel, configuration, median_ns, raced, "
                         "tied, baseline, baseline_ns, device_model, device_limits, driver, "
                         "toolchain, l2, source, protocol, source_digest, trial) FROM winners "
                         "ORDER BY 1");
  std::vector<std::string> winners;
  while (rows.executeStep()) winners.push_back(rows.getColumn(0).getString());
  return winners;
}

void find_rows(SQLite::Database& database, const std::string& cutoff) {
  database.exec("CREATE TEMP TABLE won AS SELECT DISTINCT run FROM winners");
  SQLite::Statement find(database, find_replaced);
  find.bind(":cutoff", cutoff);
  find.exec();
  database.exec(keep_latest_races);
  while (database.exec(keep_shared_races) > 0) continue;
}

Pruned remove_rows(SQLite::Database& database, const std::string& cutoff) {
  Pruned pruned;
  database.exec(
      "CREATE TEMP TABLE gone AS SELECT id FROM trial WHERE context_id IN (SELECT id FROM "
      "temp.replaced)");
  database.exec(
      "CREATE TEMP TABLE raced AS SELECT DISTINCT race_id AS id FROM finalist WHERE trial_id IN "
      "(SELECT id FROM temp.gone)");
  removed(database, "DELETE FROM finalist WHERE race_id IN (SELECT id FROM temp.raced)");
  pruned.races = removed(database, "DELETE FROM race WHERE id IN (SELECT id FROM temp.raced)");
  pruned.trials = removed(database, "DELETE FROM trial WHERE id IN (SELECT id FROM temp.gone)");
  pruned.runs = removed(
      database, fmt::format("DELETE FROM run WHERE started < '{}' AND NOT EXISTS (SELECT 1 FROM "
                            "trial t WHERE t.run_id = run.id) AND NOT EXISTS (SELECT 1 FROM race r "
                            "WHERE r.run_id = run.id)",
                            cutoff));
  pruned.contexts =
      removed(database,
              "DELETE FROM context WHERE NOT EXISTS (SELECT 1 FROM trial t WHERE t.context_id = "
              "context.id) AND NOT EXISTS (SELECT 1 FROM run r WHERE r.context_id = context.id)");
  return pruned;
}

}  // namespace

Pruned prune_database(const std::string& path, const PruneRequest& request) {
  if (!std::filesystem::exists(path)) open_database(path, Store::Mode::read_only);  // says so
  return guarded(path, [&] {
    SQLite::Database database = open_database(path, Store::Mode::read_write);
    Write write(database);
    const std::string cutoff =
        database
            .execAndGet(fmt::format("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{} days')",
                                    request.keep_days))
            .getString();
    const std::vector<std::string> before = winners_of_all(database);
    find_rows(database, cutoff);
    const Pruned pruned = remove_rows(database, cutoff);
    if (winners_of_all(database) != before) {
      throw Error(fmt::format(
          "{}: a winner would change, so nothing was removed: check the file (tune db check {})",
          path, path));
    }
    if (!request.dry_run) write.commit();  // else it is rolled back
    return pruned;
  });
}

}  // namespace tw
