// Imports the trials of another database.
#include "db/exchange/merge.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "db/database.h"
#include "db/exchange/import.h"

namespace tw {

Merged merge_database(const std::string& from, const std::string& into) {
  return guarded(from, [&] {
    SQLite::Database theirs = open_database(from, Store::Mode::read_only);
    std::error_code none;
    if (std::filesystem::equivalent(from, into, none)) {
      throw Error(fmt::format("{}: is the database that is merged into: name another", from));
    }
    // Trials on the cpu device or on a recording say nothing to others.
    Where where;
    where.clause = " WHERE c.source IN ('measured', 'imported')";
    return guarded(into, [&] {
      SQLite::Database ours = open_database(into, Store::Mode::read_write);
      Write write(ours);
      Import import(ours);
      // An error must name the file that caused it.
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
