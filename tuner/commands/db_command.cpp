// tune db: what a database holds, whether it is sound, and how it gets smaller.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "db/store.h"
#include "db/upkeep/check.h"
#include "db/upkeep/info.h"
#include "db/upkeep/prune.h"
#include "db/upkeep/vacuum.h"
#include "options/filter_options.h"
#include "options/problem_options.h"
#include "session/setup/claims.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

CommandSpec upkeep_specification(const std::string& action, const std::string& summary,
                                 const std::string& more, std::vector<std::string> examples) {
  return {
      .name = "db " + action,
      .summary = summary,
      .usage = fmt::format("tune db {} [FILE] [options]", action),
      .flags = {{"db", "FILE", "the database, instead of FILE (default: tilewright.db here)"},
                {"json", "", "print JSON instead"}},
      .positional = "FILE is the database." + more,
      .examples = std::move(examples),
  };
}

std::string database_path_of(const Arguments& arguments) {
  const std::string& word = arguments.positional();
  if (!word.empty() && arguments.has("db")) {
    throw Error(fmt::format("{} and --db {}: name one database", word, arguments.text("db")));
  }
  return word.empty() ? arguments.text("db", default_database) : word;
}

// Keeps searches from beginning as long as it lives. Throws Error if one is under way.
class WithoutSearches {
 public:
  explicit WithoutSearches(const std::string& database) {
    if (!Claims::has_file(database)) return;  // no search has used this file
    claims_.emplace(database);
    if (claims_->try_claim_all()) return;
    throw Error(fmt::format(
        "{}: another process searches with it: run this again when that process has ended",
        database));
  }

 private:
  std::optional<Claims> claims_;
};

ordered_json groups_json(const std::vector<RowGroup>& groups, bool devices) {
  ordered_json list = ordered_json::array();
  for (const RowGroup& one : groups) {
    ordered_json row{{devices ? "device_model" : "op", one.name}};
    if (devices) row.update({{"driver", one.driver}, {"toolchain", one.toolchain}});
    row.update({{"problems", one.problems},
                {"trials", one.trials},
                {"first", one.first},
                {"last", one.last}});
    list.push_back(std::move(row));
  }
  return list;
}

ordered_json info_json(const DatabaseInfo& info) {
  ordered_json tables, sources = ordered_json::object();
  for (const auto& [name, rows] : info.tables) tables[name] = rows;
  for (const auto& [name, trials] : info.sources) sources[name] = trials;
  return {{"database", info.path},
          {"bytes", info.bytes},
          {"log_bytes", info.log_bytes},
          {"free_bytes", info.free_bytes},
          {"schema", info.schema},
          {"sqlite", info.sqlite},
          {"rows", tables},
          {"trials_by_source", sources},
          {"winners", info.winners},
          {"unfinished_runs", info.unfinished_runs},
          {"first", known(!info.first.empty(), info.first)},
          {"last", known(!info.last.empty(), info.last)},
          {"ops", groups_json(info.ops, false)},
          {"devices", groups_json(info.devices, true)}};
}

std::string counts_text(const std::vector<std::pair<std::string, std::int64_t>>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", format_count(count), name);
  }
  return text.empty() ? "none" : text;
}

std::string groups_text(const std::vector<RowGroup>& groups, const std::string& what) {
  Table table({{what},
               {"driver"},
               {"toolchain"},
               {"problems", Table::Align::right},
               {"trials", Table::Align::right},
               {"first"},
               {"last"}});
  for (const RowGroup& one : groups) {
    table.add({one.name, one.driver, one.toolchain, format_count(one.problems),
               format_count(one.trials), one.first, one.last});
  }
  return groups.empty() ? "" : "\n" + table.text();
}

std::string info_text(const DatabaseInfo& info) {
  return fmt::format(
             "file     {}: {} bytes, {} more in its log, {} of them unused\n"
             "schema   {} (SQLite {})\nrows     {}\ntrials   {}\n"
             "winners  {}\nruns     {} unfinished: under way, or killed\ndates    {}\n",
             info.path, format_count(info.bytes), format_count(info.log_bytes),
             format_count(info.free_bytes), info.schema, info.sqlite, counts_text(info.tables),
             counts_text(info.sources), format_count(info.winners),
             format_count(info.unfinished_runs),
             info.first.empty() ? "none" : info.first + " to " + info.last) +
         groups_text(info.ops, "op") + groups_text(info.devices, "device");
}

// Returns the winners whose kernels have another source in this executable: their digests differ.
std::vector<std::string> winners_of_other_sources(const std::string& path) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
  std::vector<std::string> found;
  for (const Winner& winner : winners_of(Store::open(path, Store::Mode::read_only), {})) {
    const Context& context = winner.trial.context;
    const OpEntry* entry = catalog.find(context.situation.op);
    if (!entry || context.situation.source == Source::replayed) continue;
    const Epilogue epilogue = problem_from_key(entry->op, context.situation.problem).epilogue;
    for (const KernelSpec& kernel : entry->kernels) {
      if (kernel.name != context.code.kernel) continue;
      if (catalog.source_digest(kernel, epilogue) == context.code.source_digest) continue;
      found.push_back(fmt::format("{} ({})", context.situation.problem, kernel.name));
    }
  }
  return found;
}

constexpr std::string_view other_sources =
    "the sources of their kernels have changed since, so the times are those of other code: tune "
    "these problems again";

ordered_json pruned_json(const std::string& path, const PruneRequest& request,
                         const Pruned& pruned) {
  return {{"database", path},           {"keep_days", request.keep_days},
          {"dry_run", request.dry_run}, {"trials", pruned.trials},
          {"races", pruned.races},      {"runs", pruned.runs},
          {"contexts", pruned.contexts}};
}

}  // namespace

CommandSpec db_info_specification() {
  return upkeep_specification("info",
                              "Shows what a database holds: its size, schema, rows, ops, devices, "
                              "drivers and dates.",
                              "", {"tune db info", "tune db info ours.db --json"});
}

int db_info_command(const Arguments& arguments) {
  const DatabaseInfo info = database_info(database_path_of(arguments));
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text(info_json(info)));
  } else {
    show(info_text(info));
  }
  return exit_found;
}

CommandSpec db_check_specification() {
  return upkeep_specification(
      "check", "Checks that a database is sound, and says what to do if it is not.",
      " Its pages and indexes, the references between rows, its tables and views, and the rows "
      "themselves are checked. The exit code is 1 if there is a fault. Winners of kernels whose "
      "source is another one in this build are listed too; they are no fault.",
      {"tune db check", "tune db check ours.db --json"});
}

int db_check_command(const Arguments& arguments) {
  const std::string path = database_path_of(arguments);
  const std::vector<DatabaseFault> faults = check_database(path);
  const std::vector<std::string> others =
      faults.empty() ? winners_of_other_sources(path) : std::vector<std::string>{};
  if (arguments.has("json")) {
    ordered_json list = ordered_json::array();
    for (const DatabaseFault& one : faults) {
      list.push_back({{"fault", one.what}, {"remedy", one.remedy}});
    }
    fmt::print("{}\n", json_text({{"database", path},
                                  {"sound", faults.empty()},
                                  {"faults", list},
                                  {"winners_of_other_sources", others}}));
    return faults.empty() ? exit_found : exit_nothing;
  }
  for (const DatabaseFault& one : faults) show(fmt::format("{}\n  {}\n", one.what, one.remedy));
  for (const std::string& one : others) show(fmt::format("note: {}\n", one));
  if (!others.empty()) show(fmt::format("  {}\n", other_sources));
  show(fmt::format("{}: {}\n", path,
                   faults.empty() ? "sound" : fmt::format("{} faults", faults.size())));
  return faults.empty() ? exit_found : exit_nothing;
}

CommandSpec db_vacuum_specification() {
  return upkeep_specification(
      "vacuum", "Gives a database's unused space back to the file system; the rows stay.",
      " It is refused while another process writes to the database.",
      {"tune db vacuum", "tune db prune && tune db vacuum"});
}

int db_vacuum_command(const Arguments& arguments) {
  const std::string path = database_path_of(arguments);
  const WithoutSearches quiet(path);
  const Vacuumed vacuumed = vacuum_database(path);
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text({{"database", path},
                                  {"bytes_before", vacuumed.bytes_before},
                                  {"bytes_after", vacuumed.bytes_after}}));
  } else {
    show(fmt::format("{}: {} bytes, was {}\n", path, format_count(vacuumed.bytes_after),
                     format_count(vacuumed.bytes_before)));
  }
  return exit_found;
}

CommandSpec db_prune_specification() {
  CommandSpec command = upkeep_specification(
      "prune", "Removes rows that cannot win any more; winners never change.",
      " What goes: the trials and races of a kernel's source that a newer source has replaced for "
      "the same problem and device, runs without trials, and contexts that no row refers to. "
      "Winners, their races and all baselines stay. A search can no longer learn from what is "
      "removed. `tune db vacuum` then makes the file smaller.",
      {"tune db prune --dry-run", "tune db prune ours.db --keep-days 90"});
  command.flags.insert(command.flags.begin() + 1,
                       {{"keep-days", "N", "rows younger than this stay (default 30)"},
                        {"dry-run", "", "say what would go, and change nothing"}});
  return command;
}

int db_prune_command(const Arguments& arguments) {
  const std::string path = database_path_of(arguments);
  PruneRequest request;
  request.keep_days = arguments.integer("keep-days", request.keep_days, 0, 1'000'000);
  request.dry_run = arguments.has("dry-run");
  const WithoutSearches quiet(path);
  const Pruned pruned = prune_database(path, request);
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text(pruned_json(path, request, pruned)));
    return exit_found;
  }
  show(fmt::format("{}: {} {} trials, {} races, {} runs, {} contexts\n", path,
                   request.dry_run ? "would remove" : "removed", format_count(pruned.trials),
                   format_count(pruned.races), format_count(pruned.runs),
                   format_count(pruned.contexts)));
  return exit_found;
}

}  // namespace tw
