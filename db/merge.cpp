// Takes over the trials of another database, as an import of a file does.
#include "db/merge.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "db/database.h"
#include "db/import.h"

namespace tw {

Merged merge_database(const std::string& from, const std::string& into) {
  return guarded(from, [&] {
    SQLite::Database theirs = open_database(from, Store::Mode::read_only);
    std::error_code none;
    if (std::filesystem::equivalent(from, into, none)) {
      throw Error(fmt::format("{}: is the database that is merged into: name another", from));
    }
    // What runs on the cpu device or on a recording says nothing to others.
    Where where;
    where.clause = " WHERE c.source IN ('measured', 'imported')";
    return guarded(into, [&] {
      SQLite::Database ours = open_database(into, Store::Mode::read_write);
      Write write(ours);
      Import import(ours);
      // Whose fault it is decides which file is named.
      guarded(from, [&] {
        each_shared(theirs, where, [&](SharedTrial shared) {
          guarded(into, [&] { import.take(std::move(shared)); });
        });
      });
      write.commit();
      const Imported& imported = import.imported();
      return Merged{imported.runs, imported.trials, imported.known};
    });
  });
}

}  // namespace tw
