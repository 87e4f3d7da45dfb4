#include "commands/commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/expr/expr.h"
#include "ui/version.h"

namespace tw {
namespace {

constexpr Command listed[] = {
    {"run", "search for the fastest configuration of a problem (the default command)",
     tune_specification, tune_command},
    {"emit", "write the winners as a C++ dispatch header", emit_specification, emit_command},
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
};

std::string overview() {
  std::string text =
      "Finds the fastest configuration of a CUDA kernel for a shape on a GPU.\n\n"
      "Usage: tune --op OP --shape SHAPE [options]\n"
      "       tune --kernel FILE.cu:NAME [options]    a kernel of your own\n"
      "       tune COMMAND [options]\n\nCommands:\n";
  for (const Command& command : listed) {
    text += fmt::format("  {:<8}{}\n", command.name, command.summary);
  }
  text +=
      "\n  tune COMMAND --help shows a command's options; tune --version shows this "
      "build.\n\nExamples:\n  tune --op gemm --shape m=4096,n=4096,k=4096 --dtype f32\n  tune emit "
      "--op gemm --out tuned\n  tune query\n"
      "  tune --kernel saxpy.cu:saxpy --size 'n=1<<24' --knob BLOCK=64,128,256 --block BLOCK \\\n"
      "       --grid 'ceil_div(n, BLOCK)' --arg 'f32[n]:in' --arg 'f32[n]:inout' --arg 2.5f --arg n"
      "\n\nExit codes: 0 done, 1 nothing found, 2 a fault of "
      "the input or the machine.\n";
  return text;
}

const Command& command_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : listed) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  const std::string near = nearest(name, names);
  throw Error(fmt::format("unknown command '{}': {}", name,
                          near.empty() ? fmt::format("one of {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean {}?", near)));
}

int run(const Command& command, const Words& words) {
  const CommandSpec specification = command.specification();
  const Arguments arguments = Arguments::parse(specification, words);
  if (!arguments.wants_help()) return command.run(arguments);
  fmt::print("{}", help_text(specification));
  return exit_found;
}

}  // namespace

int run_command_line(const Words& words) {
  if (words.empty()) throw Error("nothing to do: give --op and --shape, or see tune --help");
  const std::string& first = words.front();
  if (first == "--help" || first == "-h" || first == "help") {
    fmt::print("{}", overview());
    return exit_found;
  }
  if (first == "--version") {
    fmt::print("{}\n", version_text());
    return exit_found;
  }
  if (first.starts_with('-')) return run(command_of("run"), words);
  const Words rest(words.begin() + 1, words.end());
  if (first == "__worker") return worker_command(rest);
  return run(command_of(first), rest);
}

}  // namespace tw
