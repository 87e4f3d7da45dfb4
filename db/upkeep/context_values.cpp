#include "db/upkeep/context_values.h"

#include "db/database.h"

namespace tw {

ContextValues context_values(const std::string& path, const std::string& op) {
  return guarded(path, [&] {
    SQLite::Database database = glance_at(path);
    SQLite::Statement rows(database,
                           "SELECT DISTINCT op, problem, kernel, device_model FROM context");
    ContextValues values;
    while (rows.executeStep()) {
      values.ops.insert(rows.getColumn(0).getString());
      if (!op.empty() && rows.getColumn(0).getString() != op) continue;
      values.problems.insert(rows.getColumn(1).getString());
      values.kernels.insert(rows.getColumn(2).getString());
      values.devices.insert(rows.getColumn(3).getString());
    }
    return values;
  });
}

}  // namespace tw
