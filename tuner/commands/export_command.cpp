// tune export: writes trials to a file, for other tools, for a spreadsheet, or to keep.
#include <fmt/format.h>

#include <cstdio>
#include <set>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/formats/recording_file.h"
#include "db/exchange/exchange.h"
#include "options/filter_options.h"
#include "ui/format.h"
#include "ui/output.h"

namespace tw {
namespace {

bool is_either(const std::string& path, const std::string& ending) {
  return path.ends_with(ending) || path.ends_with(ending + ".gz");
}

int nothing() {
  say("tune: no such trials: nothing is written; see tune query trials");
  return exit_nothing;
}

int export_csv(const std::string& database, const Filter& filter, const std::string& path) {
  const std::vector<SharedTrial> trials = shared_trials(database, filter);
  if (trials.empty()) return nothing();
  std::set<std::string> problems;
  for (const SharedTrial& shared : trials) problems.insert(shared.trial.context.situation.problem);
  const std::string text = csv_of(trials);
  write_atomically(text, path);
  if (text.size() > largest_file_bytes) {
    say(fmt::format(
        "tune: {} is larger than the 256 MiB that tune import reads: export less at a time, for "
        "example with --problem, or merge the database itself with tune merge",
        path));
  }
  show(fmt::format("wrote {}: trials {}, problems {}\n", path,
                   format_count(static_cast<std::int64_t>(trials.size())),
                   format_count(static_cast<std::int64_t>(problems.size()))));
  return exit_found;
}

int export_t4(const std::string& database, const Filter& filter, const std::string& path) {
  Filter with_baselines = filter;  // the kernels of baselines are libraries
  with_baselines.kernel.clear();
  std::int64_t left_out = 0;
  const Recording recording =
      recording_of(shared_trials(database, with_baselines), filter, left_out);
  if (recording.trials.empty()) return nothing();
  write_recording(recording, path);
  if (left_out > 0) {
    say(fmt::format(
        "tune: left out {} trials that were repeated, or made with other knobs, another source of "
        "the kernel, driver or toolchain: a .csv file holds all",
        format_count(left_out)));
  }
  show(fmt::format("wrote {}: {} configurations of {} for {}\n", path,
                   format_count(static_cast<std::int64_t>(recording.trials.size())),
                   recording.kernel, recording.problem));
  return exit_found;
}

}  // namespace

CommandSpec export_specification() {
  CommandSpec command{
      .name = "export",
      .summary = "Writes trials to a file that tune import reads.",
      .usage = "tune export --out FILE [--db FILE] [options]",
      .flags = {{"db", "FILE", "the database (default: tilewright.db here)"},
                {"out", "FILE",
                 "NAME.csv: everything about every trial; NAME.t4.json: the latest trial of each "
                 "configuration of one search space; compressed if .gz follows"}},
      .positional = "",
      .examples = {"tune export --out all.csv.gz",
                   "tune export --op gemm --device H200 --out gemm.csv",
                   "tune export --problem m=4096,n=4096,k=4096 --kernel simt --source measured "
                   "--out simt.t4.json.gz"},
  };
  for (const Flag& flag : filter_flags()) command.flags.push_back(flag);
  return command;
}

int export_command(const Arguments& arguments) {
  const std::string path = arguments.text("out");
  if (path.empty()) throw Error("no --out: name the file, as in --out trials.csv");
  const std::string database = arguments.text("db", default_database);
  const Filter filter = filter_of(arguments);
  if (is_either(path, ".csv")) return export_csv(database, filter, path);
  if (is_either(path, ".t4.json")) return export_t4(database, filter, path);
  throw Error(fmt::format(
      "--out {}: the name has no known format: end it in .csv or .t4.json, or add .gz to compress",
      path));
}

}  // namespace tw
