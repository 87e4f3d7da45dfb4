#include "db/upkeep/vacuum.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

#include "db/database.h"

namespace tw {
namespace {

std::int64_t bytes_with_log(const std::string& path) {
  std::int64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code fault;
    const auto size = std::filesystem::file_size(path + suffix, fault);
    if (!fault) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

}  // namespace

Vacuumed vacuum_database(const std::string& path) {
  if (!std::filesystem::exists(path)) open_database(path, Store::Mode::read_only);  // says so
  return guarded(path, [&] {
    SQLite::Database database = open_database(path, Store::Mode::read_write);
    Vacuumed vacuumed;
    vacuumed.bytes_before = bytes_with_log(path);
    sqlite3_busy_timeout(database.getHandle(), 1000);  // a short write may end meanwhile
    try {
      database.exec("VACUUM");
      // Moves the pages from the log to the file, which shrinks only then.
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_BUSY && error.getErrorCode() != SQLITE_LOCKED) throw;
      throw Error(fmt::format(
          "{}: another process writes to it: run this again when that process has ended (fuser {})",
          path, path));
    }
    vacuumed.bytes_after = bytes_with_log(path);
    return vacuumed;
  });
}

}  // namespace tw
