// Reads trials with their runs and races out of a database, and adds them to another.
#include "exchange.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>

#include "csv.h"
#include "database.h"
#include "rows.h"

namespace tw {
namespace {

constexpr const char* run_columns =
    "r.started, r.ended, r.status, r.space_digest, r.space_size, r.strategy, r.seed, r.command, "
    "r.device_uuid, r.device, r.commit_id, rc.kernel, rc.source_digest, rc.toolchain, e.created, "
    "f.rank, f.tied";

// `row`: trial_columns, then run_columns.
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
       {&run.command, &run.device_uuid, &run.device_json, &run.commit, &run.context.kernel,
        &run.context.source_digest, &run.context.toolchain, &shared.race_created}) {
    *field = text();
  }
  if (row.getColumn(column).isNull()) return shared;
  shared.race_rank = integer();
  shared.tied = integer();
  return shared;
}

// Inside a write.
class Import {
 public:
  explicit Import(SQLite::Database& database) : database_(database) {}

  void take(SharedTrial shared) {
    if (shared.trial.context.source == Source::cpu) {
      ++imported_.cpu;
      return;
    }
    shared.trial.context.source = shared.run.context.source = Source::imported;
    Run& run = run_of(shared);
    if (const auto same = run.known.find(facts_of(shared.trial));
        same != run.known.end() && same->second > 0) {
      --same->second;
      ++imported_.known;
      return;
    }
    const Trial& trial = shared.trial;
    const std::int64_t id = insert_trial(database_, run.id, trial.kind, trial.context,
                                         trial.configuration, trial.measurement, trial.created);
    ++imported_.trials;
    if (shared.race_rank) place_in_race(shared, run.id, id);
  }

  const Imported& imported() const { return imported_; }

 private:
  struct Run {
    std::int64_t id = 0;
    std::unordered_map<std::string, std::int64_t> known;  // how many trials have these facts
  };

  // The run that began at the same moment, on the same GPU, by the same command; else a new one.
  Run& run_of(const SharedTrial& shared) {
    const RunInfo& info = shared.run;
    const Context& context = info.context;
    const auto [at, is_new] = runs_.try_emplace(
        csv_record({shared.run_started, std::to_string(info.seed), info.command, info.device_uuid,
                    info.commit, context.op, context.problem, context.kernel}));
    Run& run = at->second;
    if (!is_new) return run;
    run.id = find_run(shared);
    if (run.id == 0) {
      run.id = insert_run(shared);
      ++imported_.runs;
      return run;
    }
    end_run(shared, run.id);
    SQLite::Statement query(
        database_, fmt::format("SELECT {} FROM trial t JOIN context c ON c.id = t.context_id "
                               "WHERE t.run_id = ?",
                               trial_columns));
    query.bind(1, run.id);
    while (query.executeStep()) ++run.known[facts_of(trial_from(query))];
    return run;
  }

  // 0 if there is none.
  std::int64_t find_run(const SharedTrial& shared) {
    SQLite::Statement query(
        database_,
        "SELECT r.id FROM run r JOIN context c ON c.id = r.context_id WHERE r.started = ? AND "
        "r.seed = ? AND r.command = ? AND r.device_uuid = ? AND r.commit_id = ? AND c.op = ? AND "
        "c.problem = ? AND c.kernel = ? ORDER BY r.id LIMIT 1");
    const RunInfo& run = shared.run;
    query.bind(1, shared.run_started);
    query.bind(2, static_cast<std::int64_t>(run.seed));
    query.bind(3, run.command);
    query.bind(4, run.device_uuid);
    query.bind(5, run.commit);
    query.bind(6, run.context.op);
    query.bind(7, run.context.problem);
    query.bind(8, run.context.kernel);
    return query.executeStep() ? query.getColumn(0).getInt64() : 0;
  }

  std::int64_t insert_run(const SharedTrial& shared) {
    SQLite::Statement insert(
        database_,
        "INSERT INTO run (context_id, started, ended, status, space_digest, space_size, strategy, "
        "seed, command, device_uuid, device, commit_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
    const RunInfo& run = shared.run;
    insert.bind(1, context_id(database_, run.context));
    insert.bind(2, shared.run_started);
    if (!shared.run_ended.empty()) insert.bind(3, shared.run_ended);  // else it stays NULL
    insert.bind(4, shared.run_status);
    insert.bind(5, run.space_digest);
    insert.bind(6, run.space_size);
    insert.bind(7, run.strategy);
    insert.bind(8, static_cast<std::int64_t>(run.seed));
    insert.bind(9, run.command);
    insert.bind(10, run.device_uuid);
    insert.bind(11, run.device_json);
    insert.bind(12, run.commit);
    insert.exec();
    return database_.getLastInsertRowid();
  }

  // A run that was not finished when it was imported first may be by now.
  void end_run(const SharedTrial& shared, std::int64_t run) {
    if (shared.run_ended.empty()) return;
    SQLite::Statement update(database_,
                             "UPDATE run SET ended = ?, status = ? WHERE id = ? AND ended IS NULL");
    update.bind(1, shared.run_ended);
    update.bind(2, shared.run_status);
    update.bind(3, run);
    update.exec();
  }

  // The other finalists may be there, from this file or from one that held other kernels.
  void place_in_race(const SharedTrial& shared, std::int64_t run, std::int64_t trial) {
    SQLite::Statement find(
        database_,
        "SELECT e.id FROM race e WHERE e.run_id = ?1 AND e.created = ?2 AND NOT EXISTS (SELECT 1 "
        "FROM finalist f WHERE f.race_id = e.id AND f.rank = ?3) ORDER BY e.id DESC LIMIT 1");
    find.bind(1, run);
    find.bind(2, shared.race_created);
    find.bind(3, *shared.race_rank);
    std::int64_t race = find.executeStep() ? find.getColumn(0).getInt64() : 0;
    if (race == 0) {
      SQLite::Statement insert(database_, "INSERT INTO race (run_id, created) VALUES (?, ?)");
      insert.bind(1, run);
      insert.bind(2, shared.race_created);
      insert.exec();
      race = database_.getLastInsertRowid();
    }
    SQLite::Statement insert(
        database_, "INSERT INTO finalist (race_id, rank, trial_id, tied) VALUES (?, ?, ?, ?)");
    insert.bind(1, race);
    insert.bind(2, *shared.race_rank);
    insert.bind(3, trial);
    insert.bind(4, shared.tied.value_or(0));
    insert.exec();
  }

  SQLite::Database& database_;
  std::unordered_map<std::string, Run> runs_;
  Imported imported_;
};

// Runs `action`; what can go wrong within becomes an Error.
template <class Action>
auto guarded(const std::string& path, Action action) {
  try {
    return action();
  } catch (const SQLite::Exception& error) {
    throw in_words(error, path);
  } catch (const std::invalid_argument& error) {
    throw Error(fmt::format("{}: a row is damaged: {}", path, error.what()));
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: a row is damaged: {}", path, error.what()));
  }
}

}  // namespace

std::vector<SharedTrial> shared_trials(const std::string& path, const Filter& filter) {
  return guarded(path, [&] {
    SQLite::Database database = open_database(path, Store::Mode::read_only);
    Where where;
    where.add(filter);
    SQLite::Statement query(
        database,
        fmt::format("SELECT {}, {} FROM trial t JOIN context c ON c.id = t.context_id "
                    "JOIN run r ON r.id = t.run_id JOIN context rc ON rc.id = r.context_id "
                    "LEFT JOIN finalist f ON f.trial_id = t.id "
                    "LEFT JOIN race e ON e.id = f.race_id{} ORDER BY t.id",
                    trial_columns, run_columns, where.clause));
    where.bind(query);
    std::vector<SharedTrial> trials;
    while (query.executeStep()) trials.push_back(shared_from(query));
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
