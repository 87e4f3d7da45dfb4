// tune report: writes what a database holds as one HTML page.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/formats/recording_file.h"
#include "options/filter_options.h"
#include "report/page.h"
#include "report/report_json.h"
#include "ui/output.h"

namespace tw {
namespace {

constexpr std::size_t large_page = 10'000'000;  // bytes

// Returns the place of the page if none is named: beside the database.
std::string default_path(const std::string& database) {
  return (std::filesystem::path(database).parent_path() / "report.html").string();
}

std::string command_text(const Arguments& arguments) {
  return fmt::format("tune report {}", fmt::join(arguments.words(), " "));
}

}  // namespace

CommandSpec report_specification() {
  CommandSpec command{
      .name = "report",
      .summary = "Writes one HTML page that shows what a database holds.",
      .usage = "tune report [--db FILE] [--out FILE] [options]",
      .flags = {{"db", "FILE", "the database (default: tilewright.db here)"},
                {"out", "FILE",
                 "the page; - is standard output (default: report.html beside the database)"},
                {"against", "FILE", "another database, to compare winners with"}},
      .positional = "",
      .examples = {"tune report", "tune report --op gemm --source measured --out gemm.html",
                   "tune report --db h200.db --against h100.db --out both.html"},
  };
  for (const Flag& flag : filter_flags()) command.flags.push_back(flag);
  return command;
}

int report_command(const Arguments& arguments) {
  const std::string database = arguments.text("db", default_database);
  const std::string path = arguments.text("out", default_path(database));
  const nlohmann::ordered_json document = report_json({.database = database,
                                                       .other = arguments.text("against"),
                                                       .filter = filter_of(arguments),
                                                       .command = command_text(arguments)});
  if (document.at("problems").empty()) {
    say("tune: no such trials: no page is written; see tune query trials" +
        hint_of_filter(database, filter_of(arguments)));
    return exit_nothing;
  }
  const std::string page = report_page(document);
  if (path == "-") {
    fmt::print("{}", page);
    return exit_found;
  }
  write_atomically(page, path);
  if (page.size() > large_page) {
    say(fmt::format(
        "tune: the page has {} MB, which a browser opens slowly: choose fewer problems, "
        "for example with --problem",
        page.size() / 1'000'000));
  }
  say(fmt::format("tune: wrote {}: open it in a browser", path));
  return exit_found;
}

}  // namespace tw
