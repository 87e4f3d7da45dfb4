// Reads trials with their runs and races from a database, and adds them to another one.
#include "db/exchange/exchange.h"

#include <fmt/format.h>

#include <utility>

#include "db/database.h"
#include "db/exchange/import.h"
#include "db/rows.h"

namespace tw {
namespace {

// Returns the columns that shared_from reads.
std::string shared_columns() {
  return fmt::format("{}, {}, {}, r.started, r.ended, r.status, e.created, f.rank, f.tied",
                     trial_columns(), column_list(run_fields, "r."),
                     column_list(kernel_context_fields, "rc."));
}

SharedTrial shared_from(SQLite::Statement& row) {
  SharedTrial shared;
  shared.trial = trial_from(row);
  shared.run.context = shared.trial.context;
  int column = trial_column_count;
  read_fields(row, column, run_fields, shared.run);
  read_fields(row, column, kernel_context_fields, shared.run.context);
  for (std::string* field :
       {&shared.run_started, &shared.run_ended, &shared.run_status, &shared.race_created}) {
    read(row.getColumn(column++), *field);
  }
  if (row.getColumn(column).isNull()) return shared;
  read(row.getColumn(column++), shared.race_rank.emplace());
  read(row.getColumn(column), shared.tied.emplace());
  return shared;
}

}  // namespace

void each_shared(SQLite::Database& database, const Where& where,
                 const std::function<void(SharedTrial)>& use) {
  SQLite::Statement query(
      database, fmt::format("SELECT {} FROM trial t JOIN context c ON c.id = t.context_id "
                            "JOIN run r ON r.id = t.run_id JOIN context rc ON rc.id = r.context_id "
                            "LEFT JOIN finalist f ON f.trial_id = t.id "
                            "LEFT JOIN race e ON e.id = f.race_id{} ORDER BY t.id",
                            shared_columns(), where.clause));
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
