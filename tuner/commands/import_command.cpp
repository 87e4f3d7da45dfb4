// tune import: reads trials from a file into a database.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/formats/recording_file.h"
#include "db/exchange/exchange.h"
#include "options/options.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"

namespace tw {
namespace {

std::vector<SharedTrial> read_trials(const std::string& path) {
  const std::string text = inflated(read_bytes(path), path);
  if (text.starts_with("SQLite format 3")) {
    throw Error(fmt::format("{}: is a database: add it with tune merge", path));
  }
  if (path.ends_with(".csv") || path.ends_with(".csv.gz")) return trials_from_csv(text, path);
  return trials_of(parse_recording(text, path));
}

int report(const Imported& imported, const std::string& path, const std::string& into,
           bool as_json) {
  if (imported.cpu > 0) {
    say(fmt::format("tune: left out {} trials of the cpu device: they say nothing about a GPU",
                    format_count(imported.cpu)));
  }
  if (as_json) {
    const nlohmann::ordered_json document{{"from", path},
                                          {"database", into},
                                          {"runs", imported.runs},
                                          {"trials", imported.trials},
                                          {"known", imported.known},
                                          {"cpu", imported.cpu}};
    fmt::print("{}\n", json_text(document));
  } else {
    show(fmt::format("{}: trials {} new, {} known; runs {} new\n", path,
                     format_count(imported.trials), format_count(imported.known),
                     format_count(imported.runs)));
  }
  return imported.trials + imported.known > 0 ? exit_found : exit_nothing;
}

}  // namespace

CommandSpec import_specification() {
  return {
      .name = "import",
      .summary = "Adds the trials of a file to a database; importing again adds nothing.",
      .usage = "tune import FILE [--db FILE]",
      .flags = {{"db", "FILE", "the database that gets the trials (default: tilewright.db here)"},
                {"json", "", "print JSON instead"}},
      .positional =
          "FILE comes from `tune export` or `tune record`, or is a T4 file or a Kernel Tuner cache "
          "from another tool. Its trials get the source `imported`: a search learns from them, "
          "`tune query` and `tune emit` use them with --source imported, and they never win over "
          "trials that were measured here. Trials of the cpu device are left out.",
      .examples = {"tune import all.csv.gz", "tune import simt.t4.json.gz --db all.db"},
  };
}

int import_command(const Arguments& arguments) {
  const std::string& path = arguments.positional();
  if (path.empty()) {
    throw Error("nothing to import: name a file, as in tune import trials.csv");
  }
  const std::string into = arguments.text("db", default_database);
  return report(import_trials(read_trials(path), into), path, into, arguments.has("json"));
}

}  // namespace tw
