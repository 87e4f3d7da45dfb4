#include "db/run_state.h"

#include "db/database.h"

namespace tw {

RunState latest_run(const std::string& path, const Situation& situation, Objective objective) {
  SQLite::Database database = open_database(path, Store::Mode::read_only);
  return guarded(path, [&] {
    SQLite::Statement query(
        database,
        "SELECT r.id, r.status FROM run r JOIN context c ON c.id = r.context_id "
        "WHERE c.op = ? AND c.problem = ? AND c.device_model = ? AND "
        "c.device_limits = ? AND c.driver = ? AND c.toolchain = ? AND c.l2 = ? "
        "AND c.source = ? AND r.objective = ? ORDER BY r.id DESC LIMIT 1");
    int at = 0;
    for (const std::string& text :
         {situation.op, situation.problem, situation.device_model, situation.device_limits,
          situation.driver, situation.toolchain, std::string(name_of(situation.l2)),
          std::string(name_of(situation.source)), std::string(name_of(objective))}) {
      query.bind(++at, text);
    }
    if (!query.executeStep()) return RunState{};
    const std::string status = query.getColumn(1).getString();
    return RunState{query.getColumn(0).getInt64(),
                    status.starts_with(name_of(RunEnd::finished)) ||
                        status.starts_with(name_of(RunEnd::exhausted))};
  });
}

std::int64_t latest_run_id(const std::string& path) {
  SQLite::Database database = open_database(path, Store::Mode::read_only);
  return guarded(path, [&] {
    SQLite::Statement query(database, "SELECT coalesce(max(id), 0) FROM run");
    query.executeStep();
    return query.getColumn(0).getInt64();
  });
}

}  // namespace tw
