// Opens the SQLite file: checks the path, upgrades the schema, and words SQLite's errors for the
// user.
#include "db/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "db/file_system.h"

namespace tw {

// The build embeds these texts.
extern const char* const schema_sql;
extern const char* const upgrade_to_2_sql;
extern const char* const upgrade_to_3_sql;
extern const char* const upgrade_to_4_sql;
extern const char* const views_sql;
extern const char* const winners_sql;

namespace {

namespace fs = std::filesystem;

constexpr int application_id = 0x54494C45;  // "TILE" in the file's header marks our databases
// A write takes well under a millisecond. With a patience of one minute, no number of tuners on one
// host sees "database is locked".
constexpr int busy_timeout_ms = 60'000;

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Refuses paths for which SQLite would only say "unable to open database file".
void check_path(const std::string& path, Store::Mode mode) {
  if (path.empty()) throw Error("--db: the database's path is empty: name a file");
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (failure && status.type() != fs::file_type::not_found) {
    throw Error(fmt::format("{}: cannot be reached: {}: name another database with --db", path,
                            failure.message()));
  }
  if (fs::is_directory(status)) {
    throw Error(fmt::format("{}: is a folder: name a file in it, such as {}", path,
                            (fs::path(path) / "tilewright.db").string()));
  }
  if (fs::exists(status)) {
    if (!fs::is_regular_file(status)) {
      throw Error(fmt::format("{}: is not a regular file: name another database", path));
    }
    return;
  }
  if (mode == Store::Mode::read_only) {
    throw Error(
        fmt::format("{}: there is no such database: run `tune` first, or name another "
                    "file with --db",
                    path));
  }
  fs::create_directories(folder_of(path), failure);
  if (failure) {
    throw Error(fmt::format("{}: cannot create its folder: {}: name another database with --db",
                            path, failure.message()));
  }
}

// Tries again while another process holds one of the short locks for which SQLite does not call its
// busy handler: switching to WAL, recovering a log, closing the last connection.
template <class Action>
auto patiently(Action action) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms);
  for (;;) {
    try {
      return action();
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

bool allowed(const std::string& path, int access_mode) {
  return faccessat(AT_FDCWD, path.c_str(), access_mode, AT_EACCESS) == 0;
}

struct Identity {
  int application = 0, version = 0, objects = 0;
};

// Reads all three numbers in one transaction, because another process may be creating the schema.
Identity identity_of(SQLite::Database& database) {
  const auto number = [&](const char* query) { return database.execAndGet(query).getInt(); };
  const auto read = [&] {
    return Identity{number("PRAGMA application_id"), number("PRAGMA user_version"),
                    number("SELECT count(*) FROM sqlite_master")};
  };
  if (sqlite3_get_autocommit(database.getHandle()) == 0) return read();
  return patiently([&] {
    SQLite::Transaction moment(database);  // rolled back: it only reads
    return read();
  });
}

// Returns the version of the schema: 0 for an empty database. Throws Error for a database of
// another program and for a newer one.
int checked_version(SQLite::Database& database, const std::string& path, int known) {
  const Identity identity = identity_of(database);
  const int version = identity.version;
  if (identity.application != application_id) {
    if (version == 0 && identity.objects == 0) return 0;
    throw Error(fmt::format(
        "{}: is an SQLite database of another program: name another file with --db", path));
  }
  if (version > known) {
    throw Error(fmt::format(
        "{}: made by a newer tilewright: schema {}, this one knows {}: upgrade tilewright, or name "
        "another file with --db",
        path, version, known));
  }
  if (version < 0 || (version == 0 && identity.objects > 0)) {
    throw Error(fmt::format("{}: is damaged: its header says schema {}: restore it from a copy",
                            path, version));
  }
  return version;
}

// Foreign keys must be off, because an upgrade replaces tables to which others refer.
void migrate(SQLite::Database& database, const std::string& path, const Schema& schema) {
  const int known = schema.version();
  if (checked_version(database, path, known) == known) return;
  Write write(database);
  // Checks again under the lock, because another process may have been faster.
  const int version = checked_version(database, path, known);
  if (version == 0) database.exec(schema.tables);
  for (int at = version; at > 0 && at < known; ++at) {
    database.exec(schema.upgrades[static_cast<std::size_t>(at - 1)]);
  }
  if (version != known) database.exec(schema.views);
  database.exec(fmt::format("PRAGMA application_id = {}", application_id));
  database.exec(fmt::format("PRAGMA user_version = {}", known));
  write.commit();
}

SQLite::Database open_for_writing(const std::string& path, const Schema& schema) {
  const bool existed = fs::exists(path);
  if (existed && !allowed(path, W_OK)) {
    throw Error(fmt::format(
        "{}: cannot be written: make it writable (chmod u+w), or name another file with --db",
        path));
  }
  if (!allowed(folder_of(path), W_OK)) {
    throw Error(fmt::format(
        "{}: its folder {} cannot be written, which SQLite needs for its log: make it writable, or "
        "name another file with --db",
        path, folder_of(path)));
  }
  SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_timeout_ms);
  checked_version(database, path, schema.version());
  // In WAL mode, committed rows survive the end of the process at any time. A power cut may only
  // lose the last moments.
  patiently([&] { return database.execAndGet("PRAGMA journal_mode = WAL").getString(); });
  // The old rules of ALTER TABLE allow a view to name a table that is being replaced.
  database.exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF");
  database.exec("PRAGMA legacy_alter_table = ON");
  migrate(database, path, schema);
  database.exec("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON");
  return database;
}

std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : fs::absolute(path).string()) {
    const bool special = c == '%' || c == '?' || c == '#';
    uri += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return uri + "?immutable=1";
}

// A database in WAL mode cannot be opened where its log cannot be created (a read-only folder or
// medium). It can be opened there as a file that nobody changes.
SQLite::Database open_immutable(const std::string& path) {
  std::error_code none;
  const auto log_bytes = fs::file_size(path + "-wal", none);
  if (!none && log_bytes > 0) {
    throw Error(fmt::format(
        "{0}: its latest rows are in {0}-wal, which cannot be read in a read-only folder: copy "
        "both files to a writable folder and name the copy",
        path));
  }
  return SQLite::Database(uri_of(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
}

SQLite::Database open_for_reading(const std::string& path, const Schema& schema) {
  if (!allowed(path, R_OK)) {
    throw Error(fmt::format("{}: cannot be read: make it readable (chmod u+r)", path));
  }
  SQLite::Database database(path, SQLite::OPEN_READONLY, busy_timeout_ms);
  const int known = schema.version();
  int version = 0;
  try {
    version = checked_version(database, path, known);
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() != SQLITE_CANTOPEN && error.getErrorCode() != SQLITE_READONLY) throw;
    database = open_immutable(path);
    version = checked_version(database, path, known);
  }
  if (version == known) return database;
  if (version == 0) throw Error(fmt::format("{}: is empty: run `tune` first", path));
  throw Error(fmt::format(
      "{}: has the older schema {}: open it once with a command that writes, such as `tune`", path,
      version));
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Returns the SQL of an objective's value in a row of `trial` or `verdict`.
std::string value_sql(Objective objective, std::string_view row) {
  switch (objective) {
    case Objective::time:
      return fmt::format("{}.median_ns", row);
    case Objective::energy:
      return fmt::format("{}.energy_mj", row);
    case Objective::time_energy:
      return fmt::format("({0}.median_ns * {0}.energy_mj)", row);
  }
  return "";
}

std::string all_views() {
  std::string views = views_sql;
  for (const Objective objective : objectives) {
    std::string view = winners_sql;
    replace_all(view, "@view", winners_view_of(objective));
    replace_all(view, "@objective", name_of(objective));
    for (const std::string_view row : {"t", "v", "b"}) {
      replace_all(view, fmt::format("@value({})", row), value_sql(objective, row));
    }
    views += view;
  }
  return views;
}

}  // namespace

std::string winners_view_of(Objective objective) {
  switch (objective) {
    case Objective::time:
      return "winners";
    case Objective::energy:
      return "winners_by_energy";
    case Objective::time_energy:
      return "winners_by_time_energy";
  }
  return "";
}

Schema newest_schema() {
  static const char* const upgrades[] = {upgrade_to_2_sql, upgrade_to_3_sql, upgrade_to_4_sql};
  static const std::string views = all_views();
  return {schema_sql, upgrades, views.c_str()};
}

Error in_words(const SQLite::Exception& error, const std::string& path) {
  const char* text = error.what();
  switch (error.getErrorCode()) {
    case SQLITE_FULL:
      return Error(fmt::format(
          "{}: the disk is full: free some space and run the same command again; the rows that "
          "were written before are kept",
          path));
    case SQLITE_NOTADB:
      return Error(fmt::format("{}: is not an SQLite database: name another file with --db", path));
    case SQLITE_CORRUPT:
      return Error(fmt::format(
          "{0}: is damaged or truncated ({1}): restore it from a copy, or save what is left with "
          "`sqlite3 {0} .recover`",
          path, text));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(fmt::format(
          "{}: another program has kept it locked for a minute: end that program (fuser {})", path,
          path));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return Error(fmt::format(
          "{}: cannot be opened ({}): make the file and its folder writable, or name another file "
          "with --db",
          path, text));
    case SQLITE_IOERR:
      return Error(fmt::format(
          "{}: the file system failed ({}): check its space, quota and health; the rows that were "
          "written before are kept",
          path, text));
    case SQLITE_ERROR:  // no such table, view or column
      return Error(
          fmt::format("{}: its tables were changed ({}): restore it from a copy, or name another "
                      "file with --db",
                      path, text));
    default:
      return Error(fmt::format("{}: {}", path, text));
  }
}

SQLite::Database open_database(const std::string& path, Store::Mode mode, const Schema& schema) {
  check_path(path, mode);
  if (mode != Store::Mode::read_only) check_locks(path, folder_of(path));
  // SQLite gives ":memory:" and "file:..." a special meaning, but not if a folder precedes them.
  const std::string file = path.find(':') == path.npos || path[0] == '/' ? path : "./" + path;
  try {
    return mode == Store::Mode::read_only ? open_for_reading(file, schema)
                                          : open_for_writing(file, schema);
  } catch (const SQLite::Exception& error) {
    throw in_words(error, path);
  }
}

SQLite::Database glance_at(const std::string& path) {
  std::error_code none;
  const bool has_log = fs::exists(path + "-wal", none);
  if (has_log) return open_database(path, Store::Mode::read_only);
  check_path(path, Store::Mode::read_only);
  try {
    return open_immutable(path);
  } catch (const SQLite::Exception& error) {
    throw in_words(error, path);
  }
}

Write::Write(SQLite::Database& database) : database_(database) {
  database_.exec("BEGIN IMMEDIATE");
}

Write::~Write() {
  // After some errors SQLite has already rolled back. Then this ROLLBACK fails, which does not
  // matter.
  if (open_) database_.tryExec("ROLLBACK");
}

void Write::commit() {
  database_.exec("COMMIT");
  open_ = false;
}

}  // namespace tw
