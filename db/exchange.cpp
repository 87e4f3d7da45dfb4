// Reads trials with their runs and races from a database, and adds them to another one.
#include "db/exchange.h"

#include <fmt/format.h>

#include <utility>

#include "db/database.h"
#include "db/import.h"
#include "db/rows.h"

namespace tw {
namespace {

constexpr const char* run_columns =
    "r.started, r.ended, r.status, r.space_digest, r.space_size, r.strategy, r.seed, r.command, "
    "r.device_uuid, r.device, r.commit_id, r.oracle, rc.kernel, rc.source_digest, "
    "rc.verdict_digest, "
    "rc.toolchain, e.created, f.rank, f.tied";

// `row` holds trial_columns, then run_columns.
SharedTrial shared_from(SQLite::Statement& row) {
  SharedTrial shared;
  shared.trial = trial_from(row);
  int column = trial_column_count;
  const auto text = [&] { return row.getColumn(column++).getString(); };
  const auto integer = [&] { return row.getColumn(column++).getInt64(); };
  RunInfo& run = shared.run;
  run.context = shared.trial.context;
  for (std::string* field :
       {&shared.run_started, &shared.run_ended, &shared.run_status, &run.space_digest}) {
    *field = text();
  }
  run.space_size = integer();
  run.strategy = text();
  run.seed = static_cast<std::uint64_t>(integer());
  for (std::string* field :
       {&run.command, &run.device_uuid, &run.device_json, &run.commit, &run.oracle,
        &run.context.kernel, &run.context.source_digest, &run.context.verdict_digest,
        &run.context.toolchain, &shared.race_created}) {
    *field = text();
  }
  if (row.getColumn(column).isNull()) return shared;
  shared.race_rank = integer();
  shared.tied = integer();
  return shared;
}

}  // namespace

void each_shared(SQLite::Database& database, const Where& where,
                 const std::function<void(SharedTrial)>& use) {
  SQLite::Statement query(
      database, fmt::format("SELECT {}, {} FROM trial t JOIN context c ON c.id = t.context_id "
                            "JOIN run r ON r.id = t.run_id JOIN context rc ON rc.id = r.context_id "
                            "LEFT JOIN finalist f ON f.trial_id = t.id "
                            "LEFT JOIN race e ON e.id = f.race_id{} ORDER BY t.id",
                            trial_columns, run_columns, where.clause));
  where.bind(query);
  while (query.executeStep()) use(shared_from(query));
}

std::vector<SharedTrial> shared_trials(const std::string& path, const Filter& filter) {
  return guarded(path, [&] {
    SQLite::Database database = open_database(path, Store::Mode::read_only);
    Where where;
    where.add(filter);
    std::vector<SharedTrial> trials;
    each_shared(database, where, [&](SharedTrial shared) { trials.push_back(std::move(shared)); });
    return trials;
  });
}

Imported import_trials(const std::vector<SharedTrial>& trials, const std::string& into) {
  return guarded(into, [&] {
    SQLite::Database database = open_database(into, Store::Mode::read_write);
    Write write(database);
    Import import(database);
    for (const SharedTrial& shared : trials) import.take(shared);
    write.commit();
    return import.imported();
  });
}

}  // namespace tw
