// The subcommands. Each one describes its command line (`--help` is made from the description) and
// runs the given words. It returns the exit code: 0, or 1 if nothing was found. A fault is an
// Error, for which main returns 2.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "options/options.h"

namespace tw {

inline constexpr int exit_found = 0, exit_nothing = 1, exit_fault = 2;

using Words = std::vector<std::string>;

CommandSpec tune_specification();
int tune_command(const Arguments& arguments);
CommandSpec emit_specification();
int emit_command(const Arguments& arguments);
CommandSpec cover_specification();
int cover_command(const Arguments& arguments);
CommandSpec select_specification();
int select_command(const Arguments& arguments);
CommandSpec query_specification();
int query_command(const Arguments& arguments);
CommandSpec ops_specification();
int ops_command(const Arguments& arguments);
CommandSpec doctor_specification();
int doctor_command(const Arguments& arguments);
CommandSpec record_specification();
int record_command(const Arguments& arguments);
CommandSpec merge_specification();
int merge_command(const Arguments& arguments);
CommandSpec recheck_specification();
int recheck_command(const Arguments& arguments);
CommandSpec explain_specification();
int explain_command(const Arguments& arguments);
CommandSpec capture_specification();
int capture_command(const Arguments& arguments);
CommandSpec compare_specification();
int compare_command(const Arguments& arguments);
CommandSpec report_specification();
int report_command(const Arguments& arguments);
CommandSpec export_specification();
int export_command(const Arguments& arguments);
CommandSpec import_specification();
int import_command(const Arguments& arguments);
CommandSpec serving_specification();
int serving_command(const Arguments& arguments);
CommandSpec db_info_specification();
int db_info_command(const Arguments& arguments);
CommandSpec db_check_specification();
int db_check_command(const Arguments& arguments);
CommandSpec db_vacuum_specification();
int db_vacuum_command(const Arguments& arguments);
CommandSpec db_prune_specification();
int db_prune_command(const Arguments& arguments);
CommandSpec completion_specification();
int completion_command(const Arguments& arguments);
int version_command(const Words& words);   // tune --version [--json]
int worker_command(const Words& words);    // hidden: the processes that devices start
int complete_command(const Words& words);  // hidden: what a shell's script asks
int share_command(const Words& words);     // hidden: writes manual pages and the shells' scripts

// A command. Its name may have two words: "db info".
struct Command {
  std::string_view name, summary;
  CommandSpec (*specification)();
  int (*run)(const Arguments& arguments);
};

std::span<const Command> commands();   // in the order of --help
CommandSpec overview_specification();  // of `tune` itself; its name is empty

// Runs `tune <words>`. Throws Error.
int run_command_line(const Words& words);

}  // namespace tw
