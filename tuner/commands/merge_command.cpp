// tune merge: adds the times of other databases to one's own database.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/base/error.h"
#include "db/exchange/merge.h"
#include "options/options.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"

namespace tw {
namespace {}  // namespace

CommandSpec merge_specification() {
  return {
      .name = "merge",
      .summary = "Adds the trials of another database; merging again adds nothing.",
      .usage = "tune merge FILE [--db FILE]",
      .flags = {{"db", "FILE", "the database that gets the trials (default: tilewright.db here)"},
                {"json", "", "print JSON instead"}},
      .positional =
          "FILE is the other database. Its rows keep their time, device and command. They get the "
          "source `imported`: a search learns from them, `tune query` and `tune emit` use them "
          "with --source imported, and they never win over trials that were measured here.",
      .examples = {"tune merge colleague.db", "tune merge h200.db --db all.db"},
  };
}

int merge_command(const Arguments& arguments) {
  const std::string& from = arguments.positional();
  if (from.empty()) {
    throw Error("nothing to merge: name a database, as in tune merge colleague.db");
  }
  const std::string into = arguments.text("db", default_database);
  const Merged merged = merge_database(from, into);
  if (arguments.has("json")) {
    const nlohmann::ordered_json document{{"from", from},
                                          {"database", into},
                                          {"runs", merged.runs},
                                          {"trials", merged.trials},
                                          {"known", merged.known}};
    fmt::print("{}\n", json_text(document));
    return exit_found;
  }
  show(fmt::format("{}: trials {} new, {} known; runs {} new\n", from, format_count(merged.trials),
                   format_count(merged.known), format_count(merged.runs)));
  return exit_found;
}

}  // namespace tw
