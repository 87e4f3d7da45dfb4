#include "db/part.h"

#include <fmt/format.h>

#include <sstream>

#include "db/database.h"

namespace tw {
namespace {

// Returns the views of views.sql as temporary ones, which read temporary tables before others.
std::string temporary_views() {
  std::istringstream lines(newest_schema().views);
  std::string text, line;
  const std::string create = "CREATE VIEW";
  while (std::getline(lines, line)) {
    if (line.starts_with("DROP VIEW")) continue;
    if (line.starts_with(create)) line.replace(0, create.size(), "CREATE TEMP VIEW");
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string context_column(Aspect aspect) {
  switch (aspect) {
    case Aspect::device:
      return "device_model";
    case Aspect::driver:
      return "driver";
    case Aspect::toolkit:
      return "toolchain";
  }
  return "";
}

void keep_only(SQLite::Database& database, Aspect aspect, const std::string& value) {
  SQLite::Statement copy(
      database, fmt::format("CREATE TEMP TABLE context AS SELECT * FROM main.context WHERE {} = ?",
                            context_column(aspect)));
  copy.bind(1, value);
  copy.exec();
  database.exec("CREATE UNIQUE INDEX temp.context_by_id ON context (id)");
  database.exec("CREATE INDEX temp.context_by_problem ON context (op, problem, kernel)");
  database.exec(temporary_views());
}

}  // namespace tw
