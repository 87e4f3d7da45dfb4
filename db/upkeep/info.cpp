#include "db/upkeep/info.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "db/database.h"

namespace tw {
namespace {

std::int64_t number(SQLite::Database& database, const std::string& query) {
  return database.execAndGet(query).getInt64();
}

std::vector<std::string> table_names(SQLite::Database& database) {
  SQLite::Statement names(database,
                          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                          "'sqlite_%' ORDER BY rowid");
  std::vector<std::string> tables;
  while (names.executeStep()) tables.push_back(names.getColumn(0).getString());
  return tables;
}

// Reads groups of trials; `columns` are the group's name, driver and toolchain.
std::vector<RowGroup> groups_of(SQLite::Database& database, const std::string& columns) {
  SQLite::Statement rows(database,
                         fmt::format("SELECT {}, count(DISTINCT c.problem), count(t.id), "
                                     "coalesce(min(t.created), ''), coalesce(max(t.created), '') "
                                     "FROM context c JOIN trial t ON t.context_id = c.id "
                                     "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
                                     columns));
  std::vector<RowGroup> groups;
  while (rows.executeStep()) {
    groups.push_back({.name = rows.getColumn(0).getString(),
                      .driver = rows.getColumn(1).getString(),
                      .toolchain = rows.getColumn(2).getString(),
                      .problems = rows.getColumn(3).getInt64(),
                      .trials = rows.getColumn(4).getInt64(),
                      .first = rows.getColumn(5).getString(),
                      .last = rows.getColumn(6).getString()});
  }
  return groups;
}

std::int64_t file_bytes(const std::string& path) {
  std::error_code fault;
  const auto bytes = std::filesystem::file_size(path, fault);
  return fault ? 0 : static_cast<std::int64_t>(bytes);
}

}  // namespace

DatabaseInfo database_info(const std::string& path) {
  return guarded(path, [&] {
    SQLite::Database database = open_database(path, Store::Mode::read_only);
    SQLite::Transaction moment(database);  // all numbers are of one moment
    DatabaseInfo info;
    info.path = path;
    info.bytes = file_bytes(path);
    info.log_bytes = file_bytes(path + "-wal");
    info.free_bytes =
        number(database, "PRAGMA freelist_count") * number(database, "PRAGMA page_size");
    info.schema = static_cast<int>(number(database, "PRAGMA user_version"));
    info.sqlite = sqlite_version();
    for (const std::string& table : table_names(database)) {
      info.tables.emplace_back(table,
                               number(database, fmt::format("SELECT count(*) FROM \"{}\"", table)));
    }
    info.winners = number(database, "SELECT count(*) FROM winners");
    info.unfinished_runs = number(database, "SELECT count(*) FROM run WHERE ended IS NULL");
    info.ops = groups_of(database, "c.op, '', ''");
    info.devices = groups_of(database, "c.device_model, c.driver, c.toolchain");
    for (const RowGroup& one : groups_of(database, "c.source, '', ''")) {
      info.sources.emplace_back(one.name, one.trials);
    }
    for (const RowGroup& one : info.ops) {
      if (info.first.empty() || one.first < info.first) info.first = one.first;
      if (one.last > info.last) info.last = one.last;
    }
    return info;
  });
}

std::string sqlite_version() { return sqlite3_libversion(); }

int schema_version() { return newest_schema().version(); }

}  // namespace tw
