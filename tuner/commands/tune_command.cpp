// tune run: searches the fastest kernels of problems.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "commands/commands.h"
#include "commands/tune/tune_batch.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "options/filter_options.h"
#include "options/problem_options.h"
#include "options/source_options.h"
#include "search/strategies/strategy.h"
#include "session/list_gain.h"
#include "session/list_report.h"
#include "session/setup/cpu_patience.h"
#include "session/setup/device_choice.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/version.h"

namespace tw {
namespace {

constexpr const char* source_example =
    R"(tune --kernel saxpy.cu:saxpy --size 'n=1<<24' --knob BLOCK=64,128,256 --knob VEC=1,2,4 \
       --grid 'ceil_div(n, BLOCK*VEC)' --block BLOCK --when 'BLOCK*VEC<=512' \
       --arg 'f32[n]:in' --arg 'f32[n]:inout' --arg 2.5f --arg n)";

constexpr const char* reference_example =
    R"(tune --kernel blur.cu:blur --size n=4096 --knob BLOCK=64,128 --block BLOCK --grid n/BLOCK \
       --arg 'f32[n]:in' --arg 'f32[n]:out' --arg n --constant 'taps=f32[5]' \
       --values 'x=uniform(0, 1)' --values taps=0.2 \
       --reference 'plain<<<ceil_div(n, 256), 256>>>')";

TuneOptions options_of(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const StrategyInfo& info : strategies()) names.emplace_back(info.name);
  TuneOptions options;
  options.measuring = measuring_options(arguments);
  options.budget = parse_budget(arguments.text("budget", "200"));
  if (options.budget.seconds > 0) {
    options.measuring.patience_s = std::min(options.measuring.patience_s, options.budget.seconds);
  }
  options.strategy = arguments.one_of("strategy", "auto", names);
  if (options.budget.until_certain && options.strategy != "auto") {
    throw Error(
        "--budget auto needs --strategy auto: its stopping rule is calibrated for this strategy");
  }
  if (options.budget.until_certain && options.measuring.objective != Objective::time) {
    throw Error(
        fmt::format("--budget auto needs --objective time, not {}: its stopping rule is calibrated "
                    "for times: name a number of evaluations or a time",
                    name_of(options.measuring.objective)));
  }
  options.kernel = asked_kernel(arguments);
  options.is_from_source = has_source(arguments);
  options.spec = arguments.text("spec");
  if (options.spec.empty() && arguments.has("save-spec")) {
    options.spec = arguments.text("save-spec") + "/op.toml";
  }
  options.command_line = fmt::format("tune {}", fmt::join(arguments.words(), " "));
  options.top = arguments.integer("top", 10, 1, 1'000'000'000);
  options.finalists = static_cast<int>(arguments.integer("race", 8, 0, 100));
  options.json = arguments.has("json");
  options.timings = arguments.has("timings");
  return options;
}

// Returns the problem that a recording names, for a command line that names none.
Asked recorded_problem(const Recording& recording, const Catalog& catalog) {
  const OpEntry* entry = catalog.find(recording.op);
  if (recording.foreign() || !entry) return {};
  return {.entry = entry,
          .problem = problem_from_key(entry->op, recording.problem),
          .shape = "",
          .line = 0};
}

std::vector<Asked> problems_of(const Arguments& arguments, const Catalog& catalog,
                               DeviceChooser& chooser) {
  const bool named = arguments.has("op") || arguments.has("shape") || arguments.has("shapes");
  if (!named) {
    if (const Recording* recording = chooser.named_recording()) {
      return {recorded_problem(*recording, catalog)};
    }
  }
  return asked_problems(arguments, catalog);
}

void show_end(const TuneOptions& options, const ListOutcome& outcome) {
  if (options.json) {
    nlohmann::ordered_json results = nlohmann::ordered_json::array();
    std::copy_if(outcome.results.begin(), outcome.results.end(), std::back_inserter(results),
                 [](const auto& one) { return !one.is_null(); });
    const nlohmann::ordered_json document{{"tilewright", version_text()},
                                          {"database", options.measuring.database},
                                          {"results", std::move(results)},
                                          {"summary", list_json(outcome.list)}};
    fmt::print("{}\n", json_text(document));
  } else if (outcome.list.entries.size() > 1) {
    show(list_text(outcome.list));
  } else {
    show(gain_text(outcome.list));
  }
  std::fflush(stdout);
  for (const std::string& step : outcome.next_steps) say(step);
}

// Throws Error if a problem of the list could not be tuned.
int exit_code_of(const ListReport& list) {
  if (const std::size_t failed = list.count(ListState::failed)) {
    throw Error(fmt::format("{} of {} problems cannot be tuned: the list's table says why", failed,
                            list.entries.size()));
  }
  const std::size_t found = list.winners();
  const bool enough = interrupted() ? found > 0 : found == list.entries.size();
  return enough ? exit_found : exit_nothing;
}

}  // namespace

CommandSpec tune_specification() {
  CommandSpec command;
  command.name = "run";
  command.summary =
      "Searches for the fastest configuration of each problem, and stores every trial.";
  command.usage =
      "tune [run] --op OP --shape SHAPE [options]\n"
      "       tune [run] --kernel FILE.cu:NAME --grid EXPR --block EXPR --arg ARG ... [options]";
  const auto add = [&](const std::vector<Flag>& flags) {
    command.flags.insert(command.flags.end(), flags.begin(), flags.end());
  };
  add(problem_flags());
  add(device_flags());
  add({{"budget", "N|90s|2m|1h|auto",
        "how much to search: new evaluations (default 200), a time, or auto. The kernels share "
        "half of it, and the fastest kernel then gets the rest. auto searches until the best is "
        "within 3 % of the space's optimum with 95 % confidence. The final race comes on top"}});
  std::string names;
  for (const StrategyInfo& info : strategies()) {
    names += fmt::format("{}{}: {}", names.empty() ? "" : "; ", info.name, info.doc);
  }
  add({{"strategy", "NAME", names + " (default auto)"},
       {"race", "N", "finalists that are measured again side by side (default 8; 0: no race)"}});
  add(measuring_flags());
  add({{"top", "N", "rows of the table (default 10)"},
       {"json", "", "print JSON instead"},
       {"timings", "", "show where the time of each problem went (in the JSON in any case)"},
       {"log", "FILE",
        "write what the search does as JSON lines: each job, compilation, measurement, verdict and "
        "decision, with the seconds since the start"}});
  command.examples = {
      "tune --op gemm --shape m=4096,n=4096,k=4096 --dtype f32",
      "tune --op gemm --shape 512x8192x8192 --layout nt --budget 2m --strategy random",
      "tune --op gemm --shape m=64,n=64,k=64 --device cpu --budget 8",
      "tune --shapes shapes.txt --op gemm --db ours.db --json",
      "tune --device replay:gemm.t4.json.gz --strategy exhaustive --budget 100000",
      "tune --op gemm --shape m=4096,n=4096,k=4096 --objective energy --budget 5m",
      "tune --spec my_kernel/op.toml --shape n=1000000",
      source_example,
      reference_example,
  };
  return command;
}

int tune_command(const Arguments& arguments) {
  const TuneOptions options = options_of(arguments);
  const Catalog catalog = catalog_of(arguments);
  DeviceChooser chooser(arguments, catalog.foreign());
  install_interrupt_handlers();
  const std::vector<Asked> problems = problems_of(arguments, catalog, chooser);
  if (arguments.has("shapes")) {
    check_list(arguments.text("shapes"), problems, chooser, options.kernel,
               options.measuring.patience_s);
  }
  EventLog log;
  if (arguments.has("log")) {
    log = EventLog(arguments.text("log"));
    log.add("start", {{"tilewright", version_text()}, {"command", options.command_line}});
  }
  ListOutcome outcome;
  outcome.results.resize(problems.size());
  for (const Asked& asked : problems) {
    outcome.list.entries.push_back({.problem = key_of(asked), .count = asked.count});
  }
  using Clock = std::chrono::steady_clock;
  const auto finish = [&, began = Clock::now()] {
    outcome.list.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    show_end(options, outcome);
  };
  try {
    tune_all(catalog, options, problems, chooser, log, outcome);
  } catch (const Error&) {  // what was done before is not lost
    if (outcome.list.ended() > 0) finish();
    throw;
  }
  finish();
  if (!log.fault().empty()) say("tune: " + log.fault());
  return exit_code_of(outcome.list);
}

}  // namespace tw
