// Gives the unused pages of a database back to the file system.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

struct Vacuumed {
  std::int64_t bytes_before = 0, bytes_after = 0;  // of the file and its write-ahead log
};
// Throws Error like Store::open, and if another process writes to the database.
Vacuumed vacuum_database(const std::string& path);

}  // namespace tw
