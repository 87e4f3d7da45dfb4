// tune capture: runs a program, and lists the problems that it asks of the libraries.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "capture/calls/findings.h"
#include "capture/capture_report.h"
#include "capture/log_files.h"
#include "capture/program_run.h"
#include "commands/commands.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/catalog/catalog.h"
#include "core/text/shell_word.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"

namespace tw {
namespace {

constexpr std::string_view default_list = "captured.txt";

// The folder of the libraries' logs: the one of --keep-logs, or a temporary one.
class CaptureFolder {
 public:
  explicit CaptureFolder(const Arguments& arguments) {
    if (arguments.has("keep-logs")) {
      path_ = capture::make_log_folder(arguments.text("keep-logs"));
    } else {
      path_ = temporary_.emplace().path();
    }
  }
  const std::string& path() const { return path_; }
  // Keeps the logs. Returns the end of a fault's line, which says how to read them again.
  std::string keep() {
    if (temporary_) temporary_->keep();
    return fmt::format("the program's logs are kept: tune capture --logs {} --out FILE",
                       shell_word(path_));
  }

 private:
  std::optional<capture::LogFolder> temporary_;
  std::string path_;
};

// Runs the program of the words and reads its logs. Returns how it ended. Throws Error; once the
// program has run, its logs are kept then.
capture::ProgramEnd run_and_read(const Arguments& arguments, CaptureFolder& folder,
                                 capture::Findings& findings, capture::CaptureReport& report) {
  // Not before the program has ended, because it would not inherit ignored signals.
  const auto ended = install_interrupt_handlers;
  const capture::ProgramEnd end =
      capture::run_program(arguments.positionals(), capture::logging_environment(folder.path()),
                           capture::removed_from_environment(), ended);
  try {
    report.logs = capture::read_logs(folder.path(), findings, interrupted);
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}; {}", error.what(), folder.keep()));
  }
  if (report.logs.is_stopped) throw Error("interrupted; " + folder.keep());
  return end;
}

void read_given(const Arguments& arguments, capture::Findings& findings,
                capture::CaptureReport& report) {
  for (const std::string& path : arguments.texts("logs")) {
    const capture::LogFiles read = capture::read_logs(path, findings);
    if (read.files == 0 && read.faults.empty()) {
      throw Error(fmt::format("--logs {}: no line of a log of cuBLAS, cuBLASLt or cuDNN", path));
    }
    report.logs.files += read.files;
    report.logs.bytes += read.bytes;
    report.logs.faults.insert(report.logs.faults.end(), read.faults.begin(), read.faults.end());
  }
}

Error list_fault(const std::string& path, const std::error_code& fault) {
  return Error(fmt::format("--out {}: {}: name a file in a writable folder, or - for stdout", path,
                           fault.message()));
}

// Writes the list to stdout or to a file.
std::error_code write_list(const std::string& path, const std::string& text) {
  if (path != "-") return replace_file(path, text);
  const bool is_written = std::fputs(text.c_str(), stdout) >= 0;
  if (std::fflush(stdout) != 0 || !is_written) return {errno, std::generic_category()};
  return {};
}

// Throws Error if the flags do not go together.
void check_flags(const Arguments& arguments, const std::string& list) {
  const bool runs = !arguments.has("logs");
  if (runs && arguments.positionals().empty()) {
    throw Error("no program: for example tune capture -- ./program");
  }
  if (!runs && !arguments.positionals().empty()) {
    throw Error("--logs reads logs that are there: leave the program out, or --logs");
  }
  if (!runs && arguments.has("keep-logs")) {
    throw Error("--keep-logs and --logs exclude each other");
  }
  if (arguments.has("json") && list == "-") {
    throw Error("--json and --out - both write to stdout: give --out a file");
  }
}

// Says what was not read, and why a list may be empty.
void say_gaps(const capture::Findings& findings, const capture::CaptureReport& report) {
  for (const std::string& fault : report.logs.faults) say("tune: not read: " + fault);
  if (report.logs.files == 0) {
    if (!report.exit_code) return;
    say("tune: no library wrote a log: the program called neither cuBLAS nor cuDNN, or sends their "
        "logs elsewhere");
  } else if (findings.problem_calls() == 0) {
    say("tune: the list is empty: the logs have no call that an op of ours computes");
  }
}

// Says how a program ended that did not end well.
void say_end(const capture::ProgramEnd& end) {
  if (end.signal != 0) {
    say(fmt::format("tune: the program was ended by signal {} ({})", end.signal,
                    strsignal(end.signal)));
  } else if (end.exit_code != 0) {
    say(fmt::format("tune: the program ended with exit code {}", end.exit_code));
  }
}

// Prints the findings. stdout is the program's, or the list's.
void print(const capture::Findings& findings, const capture::CaptureReport& report, bool as_json,
           std::FILE* stream) {
  if (as_json) {
    fmt::print("{}\n", json_text(capture::capture_json(findings, report)));
  } else {
    std::fputs(printable(capture::capture_text(findings, report)).c_str(), stream);
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
      .takes_program = true,
  };
}

int capture_command(const Arguments& arguments) {
  const bool runs = !arguments.has("logs");
  const std::string list = arguments.text("out", default_list);
  check_flags(arguments, list);
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
  capture::Findings findings(catalog);
  capture::CaptureReport report{.source = source_of(arguments)};
  std::optional<CaptureFolder> folder;
  if (runs) folder.emplace(arguments);
  if (list != "-") {
    if (const std::error_code fault = check_replace_file(list)) throw list_fault(list, fault);
  }
  capture::ProgramEnd end;
  if (runs) {
    end = run_and_read(arguments, *folder, findings, report);
    report.exit_code = end.exit_code;
  } else {
    read_given(arguments, findings, report);
  }
  const std::error_code fault = write_list(list, capture::list_of(findings, report));
  const std::string kept = fault && runs ? folder->keep() : "";
  if (!fault && list != "-") report.list = list;
  print(findings, report, arguments.has("json"), runs || list == "-" ? stderr : stdout);
  say_gaps(findings, report);
  if (fault && runs) throw Error(fmt::format("--out {}: {}; {}", list, fault.message(), kept));
  if (fault) throw list_fault(list, fault);
  if (!runs) return findings.problem_calls() > 0 ? exit_found : exit_nothing;
  say_end(end);
  return end.exit_code;
}

}  // namespace tw
