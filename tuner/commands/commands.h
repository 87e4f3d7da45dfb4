// The subcommands. Each takes the words after its name and returns the exit code: 0, or 1 if
// nothing was found; a fault is an Error, which main turns into 2.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

inline constexpr int exit_found = 0, exit_nothing = 1, exit_fault = 2;

using Words = std::vector<std::string>;

int tune_command(const Words& words);
int emit_command(const Words& words);
int query_command(const Words& words);
int ops_command(const Words& words);
int doctor_command(const Words& words);
int record_command(const Words& words);
int merge_command(const Words& words);
int recheck_command(const Words& words);
int explain_command(const Words& words);
int export_command(const Words& words);
int import_command(const Words& words);
int worker_command(const Words& words);  // hidden: the processes that devices start

struct Command {
  std::string_view name, summary;
  int (*run)(const Words& words);
};
std::span<const Command> commands();  // those that --help lists

// What `tune <words>` does. Throws Error.
int run_command_line(const Words& words);

}  // namespace tw
