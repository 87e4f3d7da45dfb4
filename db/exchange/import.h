// Adds trials to a database one by one; import_trials and merge_database share it. Private to db/.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <functional>
#include <string>
#include <unordered_map>

#include "db/database.h"
#include "db/exchange/exchange.h"
#include "db/rows.h"

namespace tw {

// An import inside a write: adds the trials that are not there yet, as `imported`.
class Import {
 public:
  explicit Import(SQLite::Database& database) : database_(database) {}
  void take(SharedTrial shared);
  const Imported& imported() const { return imported_; }

 private:
  struct Run {
    std::int64_t id = 0;
    std::unordered_map<std::string, std::int64_t> known;  // number of trials with these facts
  };
  // Returns the run that began at the same moment, on the same GPU, by the same command; else a new
  // one.
  Run& run_of(const SharedTrial& shared);
  std::int64_t find_run(const SharedTrial& shared);  // 0 if there is none
  std::int64_t insert_run(const SharedTrial& shared);
  void end_run(const SharedTrial& shared, std::int64_t run);
  void place_in_race(const SharedTrial& shared, std::int64_t run, std::int64_t trial);

  SQLite::Database& database_;
  std::unordered_map<std::string, Run> runs_;
  Imported imported_;
};

// Calls `use` with each trial for which `where` holds, in the order of commits.
void each_shared(SQLite::Database& database, const Where& where,
                 const std::function<void(SharedTrial)>& use);

}  // namespace tw
