// Opens the SQLite file: who may open what, the schema's versions, and SQLite's errors in words.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>

#include "error.h"
#include "store.h"

namespace tw {

// SQL that takes a database from version i to i + 1, for each i. Version 1 is db/schema.sql.
using Migrations = std::span<const char* const>;
Migrations migrations();

// Opens `path`, in read_write mode creating it and its folder, and brings its schema up to
// `steps.size()`. Throws Error, see Store::open.
SQLite::Database open_database(const std::string& path, Store::Mode mode,
                               Migrations steps = migrations());

// SQLite's exception as one line for the user: what is wrong with the file and what to do.
Error in_words(const SQLite::Exception& error, const std::string& path);

// Runs `action` on the file `path`; what SQLite and its rows can throw becomes an Error.
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

// A write: BEGIN IMMEDIATE, so that it waits its turn among concurrent writers instead of failing
// half-way; rolled back if it goes out of scope uncommitted.
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
