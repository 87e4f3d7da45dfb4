// Checks that a database is sound.
#pragma once
#include <string>
#include <vector>

namespace tw {

// A fault, and what to do about it. Both are one line.
struct DatabaseFault {
  std::string what, remedy;
};

// Returns the faults of the file: SQLite's own check of its pages and indexes, references to rows
// that are not there, tables and views that are not those of the schema, and rows that contradict
// themselves. Throws Error like Store::open if the file cannot be read at all.
std::vector<DatabaseFault> check_database(const std::string& path);

}  // namespace tw
