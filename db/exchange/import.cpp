// Adds trials with their runs and races to a database.
#include "db/exchange/import.h"

#include "core/text/csv.h"

namespace tw {

void Import::take(SharedTrial shared) {
  if (shared.trial.context.situation.source == Source::cpu) {
    ++imported_.cpu;
    return;
  }
  shared.trial.context.situation.source = shared.run.context.situation.source = Source::imported;
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

Import::Run& Import::run_of(const SharedTrial& shared) {
  const RunInfo& info = shared.run;
  const Context& context = info.context;
  const auto [at, is_new] = runs_.try_emplace(csv_record(
      {shared.run_started, std::to_string(info.seed), info.command, info.device_uuid, info.commit,
       context.situation.op, context.situation.problem, context.code.kernel}));
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
                             trial_columns()));
  query.bind(1, run.id);
  while (query.executeStep()) ++run.known[facts_of(trial_from(query))];
  return run;
}

std::int64_t Import::find_run(const SharedTrial& shared) {
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
  query.bind(6, run.context.situation.op);
  query.bind(7, run.context.situation.problem);
  query.bind(8, run.context.code.kernel);
  return query.executeStep() ? query.getColumn(0).getInt64() : 0;
}

std::int64_t Import::insert_run(const SharedTrial& shared) {
  const std::int64_t run = tw::insert_run(database_, shared.run);
  SQLite::Statement update(database_, "UPDATE run SET started = ?, status = ? WHERE id = ?");
  update.bind(1, shared.run_started);
  update.bind(2, shared.run_status);
  update.bind(3, run);
  update.exec();
  end_run(shared, run);
  return run;
}

// Ends a run that was imported before it was finished and is finished now.
void Import::end_run(const SharedTrial& shared, std::int64_t run) {
  if (shared.run_ended.empty()) return;
  SQLite::Statement update(database_,
                           "UPDATE run SET ended = ?, status = ? WHERE id = ? AND ended IS NULL");
  update.bind(1, shared.run_ended);
  update.bind(2, shared.run_status);
  update.bind(3, run);
  update.exec();
}

// The other finalists may already be there, from this file or from a file with other kernels.
void Import::place_in_race(const SharedTrial& shared, std::int64_t run, std::int64_t trial) {
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

}  // namespace tw
