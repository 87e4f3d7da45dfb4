// Opens the SQLite file: checks the path, upgrades the schema, and words SQLite's errors for the
// user.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "core/base/error.h"
#include "db/store.h"

namespace tw {

// A version of the schema, as SQL: makes a new database, and upgrades an older one.
struct Schema {
  const char* tables = "";                  // db/schema.sql
  std::span<const char* const> upgrades{};  // db/upgrade_to_N.sql, from version 1 on
  // db/views.sql and the views of db/winners.sql, created again after an upgrade
  const char* views = "";
  int version() const { return static_cast<int>(upgrades.size()) + 1; }
};
Schema newest_schema();
// Returns the name of the view that has the winners by an objective: "winners" by time.
std::string winners_view_of(Objective objective);

// Opens `path` and brings it to `schema`. In read_write mode, creates the file and its folder.
// Throws Error like Store::open.
SQLite::Database open_database(const std::string& path, Store::Mode mode,
                               const Schema& schema = newest_schema());

// Opens the file for one short reading. Unlike open_database, it leaves no log beside the file if
// there was none. Any schema will do. Throws Error like Store::open.
SQLite::Database glance_at(const std::string& path);

// Returns SQLite's exception as one line for the user: what is wrong with the file and what to do.
Error in_words(const SQLite::Exception& error, const std::string& path);

// Runs `action` on the file `path`. Turns the exceptions of SQLite and of damaged rows into Error.
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

// A write transaction. It begins with BEGIN IMMEDIATE, so that it waits for concurrent writers
// instead of failing half-way. It is rolled back if it goes out of scope uncommitted.
class Write {
 public:
  explicit Write(SQLite::Database& database);
  ~Write();
  Write(const Write&) = delete;
  Write& operator=(const Write&) = delete;
  void commit();

 private:
  SQLite::Database& database_;
  bool open_ = true;
};

}  // namespace tw
