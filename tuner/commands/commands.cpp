#include "commands/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

constexpr Command listed[] = {
    {"run", "search for the fastest configuration of a problem (the default command)",
     tune_specification, tune_command},
    {"capture", "list the problems that a program asks of cuBLAS and cuDNN", capture_specification,
     capture_command},
    {"emit", "write the winners as a C++ dispatch header", emit_specification, emit_command},
    {"cover", "tune what serves ranges of shapes, and measure what the choice loses",
     cover_specification, cover_command},
    {"select", "show what a header would run for a problem, without a GPU", select_specification,
     select_command},
    {"query", "show winners and trials of a database", query_specification, query_command},
    {"explain", "show what bounds a winner, and which knobs matter", explain_specification,
     explain_command},
    {"compare", "show what changed between two databases, and by how much", compare_specification,
     compare_command},
    {"report", "write an HTML page that shows what a database holds", report_specification,
     report_command},
    {"merge", "add the trials of another database", merge_specification, merge_command},
    {"recheck", "race the winners' finalists again under another driver or toolkit",
     recheck_specification, recheck_command},
    {"export", "write trials to a file that others can import", export_specification,
     export_command},
    {"import", "add the trials of an exported file or a recording", import_specification,
     import_command},
    {"ops", "list ops, their kernels and knobs", ops_specification, ops_command},
    {"record", "measure a whole search space into a file that can be replayed",
     record_specification, record_command},
    {"worker", "measure for a tune on another host, which starts this by its --workers",
     serving_specification, serving_command},
    {"doctor", "show what this machine has, what is missing, and what to do", doctor_specification,
     doctor_command},
    {"db info", "show what a database holds: size, rows, devices, dates", db_info_specification,
     db_info_command},
    {"db check", "check that a database is sound", db_check_specification, db_check_command},
    {"db vacuum", "give a database's unused space back", db_vacuum_specification,
     db_vacuum_command},
    {"db prune", "remove rows that cannot win any more", db_prune_specification, db_prune_command},
    {"completion", "print a script that completes command lines in a shell",
     completion_specification, completion_command},
};

std::string overview() {
  const CommandSpec program = overview_specification();
  std::string text = fmt::format("{}\n\nUsage: {}\n\nCommands:\n", program.summary, program.usage);
  for (const Command& command : listed) {
    text += fmt::format("  {:<11} {}\n", command.name, command.summary);
  }
  text += fmt::format(
      "\n  tune COMMAND --help shows a command's options; tune --version shows this build.\n\n"
      "Examples:\n  {}\n\nExit codes: 0 done, 1 nothing found, 2 a fault of the input or the "
      "machine.\n",
      fmt::join(program.examples, "\n  "));
  return text;
}

// Returns the commands whose names begin with `first` and a blank, as --help lists them.
std::string family_help(const std::string& first) {
  std::string text;
  for (const Command& command : listed) {
    const std::string name(command.name);
    if (!name.starts_with(first + ' ')) continue;
    text += fmt::format("  {:<11} {}\n", name, command.summary);
  }
  if (text.empty()) return "";
  return fmt::format(
      "Usage: tune {} COMMAND [options]\n\nCommands:\n{}\n  tune {} COMMAND --help shows a "
      "command's options.\n",
      first, text, first);
}

Error unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : listed) names.emplace_back(command.name);
  return Error(
      fmt::format("unknown command '{}': {}", name,
                  did_you_mean(name, names, fmt::format("one of {}", fmt::join(names, ", ")))));
}

// Returns the command that the words name, and removes its name from them.
const Command& take_command(Words& words) {
  const std::string first = words.front();
  const std::string two = words.size() > 1 ? first + ' ' + words[1] : first;
  for (const Command& command : listed) {
    const bool is_two = command.name.find(' ') != command.name.npos;
    if (command.name != (is_two ? two : first)) continue;
    words.erase(words.begin(), words.begin() + (is_two ? 2 : 1));
    return command;
  }
  std::vector<std::string> seconds;  // the words that may follow the first
  for (const Command& command : listed) {
    const std::string name(command.name);
    if (name.starts_with(first + ' ')) seconds.push_back(name.substr(first.size() + 1));
  }
  if (seconds.empty()) throw unknown_command(first);
  if (words.size() == 1 || words[1].starts_with('-')) {
    throw Error(fmt::format("tune {}: add {}", first, one_of("", seconds)));
  }
  throw Error(fmt::format("tune {}: {}", two, one_of(words[1], seconds)));
}

int run(Words words) {
  const bool asks_help = words.size() == 2 && (words[1] == "--help" || words[1] == "-h");
  const std::string family = asks_help ? family_help(words.front()) : "";
  if (!family.empty()) {
    fmt::print("{}", family);
    return exit_found;
  }
  const Command& command = take_command(words);
  const CommandSpec specification = command.specification();
  const Arguments arguments = Arguments::parse(specification, words);
  if (!arguments.wants_help()) return command.run(arguments);
  fmt::print("{}", help_text(specification));
  return exit_found;
}

}  // namespace

std::span<const Command> commands() { return listed; }

CommandSpec overview_specification() {
  return {
      .name = "",
      .summary = "Finds the fastest configuration of a CUDA kernel for a shape on a GPU.",
      .usage =
          "tune --op OP --shape SHAPE [options]\n"
          "       tune --kernel FILE.cu:NAME [options]    a kernel of your own\n"
          "       tune COMMAND [options]",
      .flags = {{"version", "",
                 "show the version, the commit and what was compiled in; with --json after it, as "
                 "JSON"}},
      .positional = "",
      .examples = {"tune --op gemm --shape m=4096,n=4096,k=4096 --dtype f32",
                   "tune emit --op gemm --out tuned", "tune query",
                   "tune --kernel saxpy.cu:saxpy --size 'n=1<<24' --knob BLOCK=64,128,256 --block "
                   "BLOCK \\\n       --grid 'ceil_div(n, BLOCK)' --arg 'f32[n]:in' --arg "
                   "'f32[n]:inout' --arg 2.5f --arg n"},
  };
}

int run_command_line(const Words& words) {
  if (words.empty()) throw Error("nothing to do: give --op and --shape, or see tune --help");
  const std::string& first = words.front();
  if (first == "--help" || first == "-h" || first == "help") {
    fmt::print("{}", overview());
    return exit_found;
  }
  const Words rest(words.begin() + 1, words.end());
  if (first == "--version") return version_command(rest);
  if (first == "__worker") return worker_command(rest);
  if (first == "__complete") return complete_command(rest);
  if (first == "__share") return share_command(rest);
  if (!first.starts_with('-')) return run(words);
  Words with_command{"run"};
  with_command.insert(with_command.end(), words.begin(), words.end());
  return run(with_command);
}

}  // namespace tw
