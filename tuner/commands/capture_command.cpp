// tune capture: runs a program, and lists the problems that it asks of the libraries.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture_report.h"
#include "capture/findings.h"
#include "capture/log_files.h"
#include "capture/program_run.h"
#include "commands/commands.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/catalog/catalog.h"
#include "ui/json_text.h"
#include "ui/output.h"

namespace tw {
namespace {

constexpr std::string_view default_list = "captured.txt";

// Runs the program of the words and reads its logs. Returns how it ended.
capture::ProgramEnd run_and_read(const Arguments& arguments, capture::Findings& findings,
                                 capture::CaptureReport& report) {
  const bool keeps = arguments.has("keep-logs");
  std::optional<capture::LogFolder> temporary;
  std::string folder = arguments.text("keep-logs");
  if (keeps) {
    folder = capture::make_log_folder(folder);
  } else {
    folder = temporary.emplace().path();
  }
  const capture::ProgramEnd end =
      capture::run_program(arguments.positionals(), capture::logging_environment(folder),
                           capture::removed_from_environment());
  report.logs = capture::read_logs(folder, findings);
  return end;
}

void read_given(const Arguments& arguments, capture::Findings& findings,
                capture::CaptureReport& report) {
  if (!arguments.positionals().empty()) {
    throw Error("--logs reads logs that are there: leave the program out, or --logs");
  }
  if (arguments.has("keep-logs")) throw Error("--keep-logs and --logs exclude each other");
  for (const std::string& path : arguments.texts("logs")) {
    const capture::LogFiles read = capture::read_logs(path, findings);
    if (read.files == 0) {
      throw Error(fmt::format("--logs {}: no line of a log of cuBLAS, cuBLASLt or cuDNN", path));
    }
    report.logs.files += read.files;
    report.logs.bytes += read.bytes;
  }
}

void write_list(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}", text);
    return;
  }
  if (const std::error_code fault = replace_file(path, text)) {
    throw Error(fmt::format("--out {}: {}", path, fault.message()));
  }
}

// Says how a program ended that did not end well, and why a list may be empty.
void say_end(const capture::ProgramEnd& end, const capture::CaptureReport& report) {
  if (end.signal != 0) {
    say(fmt::format("tune: the program was ended by signal {} ({})", end.signal,
                    strsignal(end.signal)));
  } else if (end.exit_code != 0) {
    say(fmt::format("tune: the program ended with exit code {}", end.exit_code));
  }
  if (report.logs.files == 0) {
    say("tune: no library wrote a log: the program called neither cuBLAS nor cuDNN, or sends their "
        "logs elsewhere");
  }
}

std::string source_of(const Arguments& arguments) {
  return fmt::format(
      "{}",
      fmt::join(arguments.has("logs") ? arguments.texts("logs") : arguments.positionals(), " "));
}

}  // namespace

CommandSpec capture_specification() {
  return {
      .name = "capture",
      .summary = "Runs a program, and lists the problems that it asks of cuBLAS and cuDNN.",
      .usage =
          "tune capture [options] -- PROGRAM [ARGUMENT...]\n"
          "       tune capture [options] --logs FILE",
      .flags = {{"out", "FILE",
                 "where the list is written, for tune --shapes (default captured.txt; -: stdout)"},
                {"keep-logs", "FOLDER", "keep the libraries' logs in this new folder"},
                {"logs", "FILE",
                 "read this log, or the logs of a folder, and run nothing; may be repeated", true},
                {"json", "", "print JSON on stdout, after what the program prints"}},
      .positional =
          "The program runs as it does without tune, with its own input, output and exit code. The "
          "libraries write a log of their calls, which is read when it ends. A list has a problem "
          "a line with its number of calls; the calls that no op of ours computes are counted with "
          "the reason.",
      .examples = {"tune capture -- ./program --its-own-option",
                   "tune capture --out layers.txt -- python3 train.py",
                   "tune capture --keep-logs logs -- ./program", "tune capture --logs logs --json",
                   "tune --shapes captured.txt      # then: what the program would gain"},
      .most_words = static_cast<std::size_t>(-1),
  };
}

int capture_command(const Arguments& arguments) {
  const bool runs = !arguments.has("logs");
  if (runs && arguments.positionals().empty()) {
    throw Error("no program: for example tune capture -- ./program");
  }
  if (arguments.has("json") && arguments.text("out") == "-") {
    throw Error("--json and --out - both write to stdout: give --out a file");
  }
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
  capture::Findings findings(catalog);
  capture::CaptureReport report{
      .source = source_of(arguments), .list = arguments.text("out", default_list), .logs = {}};
  capture::ProgramEnd end;
  if (runs) {
    end = run_and_read(arguments, findings, report);
  } else {
    read_given(arguments, findings, report);
  }
  report.exit_code = end.exit_code;
  write_list(report.list, capture::list_of(findings, report));
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text(capture::capture_json(findings, report)));
  } else {
    const std::string text = printable(capture::capture_text(findings, report));
    // stdout is the program's, or the list's.
    std::fputs(text.c_str(), runs || report.list == "-" ? stderr : stdout);
  }
  if (!runs) return findings.problem_calls() > 0 ? exit_found : exit_nothing;
  say_end(end, report);
  return end.exit_code;
}

}  // namespace tw
