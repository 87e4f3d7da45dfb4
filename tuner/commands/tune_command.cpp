// tune run: searches the fastest kernels of problems. Longer than 400 lines: the steps of one
// problem and of a list share one batch.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "db/run_state.h"
#include "options/filter_options.h"
#include "options/problem_options.h"
#include "options/source_options.h"
#include "search/strategies/strategy.h"
#include "session/list_gain.h"
#include "session/list_report.h"
#include "session/result_report.h"
#include "session/session.h"
#include "session/setup/claims.h"
#include "session/setup/cpu_patience.h"
#include "session/setup/device_choice.h"
#include "session/setup/device_text.h"
#include "session/setup/session_setup.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/progress.h"
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

struct TuneOptions {
  MeasuringOptions measuring;
  Budget budget;
  std::string strategy, kernel, command_line;
  std::string spec;  // of --spec, or what --save-spec writes
  bool is_from_source = false;
  std::int64_t top = 10;
  int finalists = 8;
  bool json = false;
};

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

// The state that all problems of a command line share.
struct Batch {
  const Catalog& catalog;
  DeviceChooser& chooser;
  const TuneOptions& options;
  ListPace pace;
  bool is_list = false;  // several problems
  // problems that another process searches come later; false for one problem with --fresh
  bool defers = true;
  std::optional<Store> store{};
  std::optional<Claims> claims{};
  EventLog log{};
  std::int64_t run_before = 0;       // the database's latest run when the command started
  std::set<std::string> searched{};  // keys of the problems that this command has searched
};

// Waits until the process that searches the problem ends, and claims the problem. Returns false if
// the user ended the wait.
bool await_claim(Batch& batch, const SessionRequest& request, Progress& progress) {
  if (!batch.claims->try_claim(request.situation)) {
    progress.note(fmt::format("waiting for the process that searches {}", request.problem_key));
    if (!batch.claims->wait(request.situation, interrupted)) return false;
  }
  return true;
}

// If another process completed a search of the problem since this command started, only its trials
// are used.
void use_search_of_others(const Batch& batch, SessionRequest& request, Progress& progress) {
  const RunState now =
      latest_run(batch.options.measuring.database, request.situation, request.objective);
  const bool is_ours = batch.searched.contains(request.problem_key);
  if (is_ours || now.id <= batch.run_before || !now.is_complete) return;
  progress.note(fmt::format("{}: another process has searched it meanwhile: its trials are known",
                            request.problem_key));
  request.recall_only = true;
  request.fresh = false;
}

std::string key_of(const Asked& asked) {
  return asked.entry ? asked.problem.key(asked.entry->op) : "";
}

// Returns the report of a problem that is ready to run on the device.
Report prepared(const Batch& batch, const Asked& asked, const OpenDevice& opened) {
  const TuneOptions& options = batch.options;
  Report report{.setup = set_up(batch.catalog, asked, options.kernel, opened, options.measuring),
                .result = {},
                .device = opened.device->info(),
                .why = opened.why,
                .recordings = {}};
  for (const Recording* one : opened.recordings) report.recordings.push_back(one->path);
  SessionRequest& request = report.setup.request;
  request.budget = options.budget;
  request.strategy = options.strategy;
  request.finalists = options.finalists;
  request.command = options.command_line;
  return report;
}

// The same. If one problem of a list cannot be tuned, the others still can: then returns nothing,
// and the entry of the list says why.
std::optional<Report> prepared(const Batch& batch, const Asked& asked, const OpenDevice& opened,
                               ListEntry& entry, Progress& progress) {
  if (!batch.is_list) return prepared(batch, asked, opened);
  try {
    return prepared(batch, asked, opened);
  } catch (const Error& error) {
    entry.state = ListState::failed;
    entry.note = error.what();
    progress.headline(fmt::format("{}: cannot be tuned: {}", entry.problem, entry.note));
    return std::nullopt;
  }
}

void open_database(Batch& batch) {
  const std::string& database = batch.options.measuring.database;
  if (!batch.store) {
    batch.store = Store::open(database, Store::Mode::read_write);
    batch.run_before = latest_run_id(database);
  }
  if (!batch.claims) batch.claims.emplace(database);
}

// Claims the problem. Returns false if another process searches it; `deferred` is then set. If it
// is set by an earlier call, waits for that process, and returns false if the user ended the wait.
bool claim(Batch& batch, const SessionRequest& request, bool& deferred, Progress& progress) {
  if (deferred) return await_claim(batch, request, progress);
  if (batch.claims->try_claim(request.situation)) return true;
  progress.note(fmt::format("{}: another process searches it{}", request.problem_key,
                            batch.defers ? ": back to it at the end" : " too"));
  deferred = batch.defers;
  return !deferred;
}

// Tunes one problem, and writes what was found into the entry. Returns nothing if the problem
// cannot be tuned, or not now: see prepared() and claim().
std::optional<Report> tune_one(Batch& batch, const Asked& asked, bool& deferred, ListEntry& entry,
                               Progress& progress) {
  const std::string op = asked.entry ? asked.entry->op.name : "";
  const OpenDevice opened = batch.chooser.open(op, key_of(asked), batch.options.kernel);
  std::optional<Report> ready = prepared(batch, asked, opened, entry, progress);
  if (!ready) return std::nullopt;
  Report& report = *ready;
  SessionRequest& request = report.setup.request;
  open_database(batch);
  request.log = &batch.log;
  if (!claim(batch, request, deferred, progress)) return std::nullopt;
  use_search_of_others(batch, request, progress);
  progress.headline(fmt::format("{} on {}{}", request.problem_key,
                                describe(report.device, report.recordings),
                                opened.why.empty() ? "" : fmt::format(" ({})", opened.why)));
  for (const std::string& notice : report.setup.notices) progress.note(notice);
  for (const std::string& notice : {batch.store->clock_notice(), batch.claims->notice()}) {
    if (!notice.empty()) progress.note(notice);
  }
  choose_oracle(request, *opened.device, progress, interrupted);
  report.result = run_session(request, *opened.device, *batch.store, progress, interrupted);
  batch.claims->release(request.situation);
  batch.searched.insert(request.problem_key);
  entry.problem = request.problem_key;
  set_result(report.result, entry);
  return ready;
}

// Returns the hint what to do with the winners.
std::string next_step(const TuneOptions& options, const Setup& setup) {
  const Situation& situation = setup.request.situation;
  const Competitor& first = setup.request.competitors.front();
  std::string text = fmt::format("stored in {}", options.measuring.database);
  const KernelSpec* kernel = first.kernel;
  if (!kernel && first.code.source_digest.empty()) return text;
  if (options.is_from_source && options.spec.empty()) {
    return text +
           "; next: add --save-spec FOLDER, then tune emit --spec FOLDER/op.toml --out tuned";
  }
  const std::string op =
      options.spec.empty() ? "--op " + situation.op : fmt::format("--spec {}", options.spec);
  text += fmt::format("; next: tune emit {} --out tuned", op);
  if (options.measuring.database != default_database) {
    text += fmt::format(" --db {}", options.measuring.database);
  }
  if (situation.source != Source::measured)
    text += fmt::format(" --source {}", name_of(situation.source));
  if (setup.request.objective != Objective::time) {
    text += " " + objective_words(setup.request.objective);
  }
  return text;
}

// The results of a command line.
struct ListOutcome {
  ListReport list;                              // an entry for each problem
  std::vector<nlohmann::ordered_json> results;  // an element for each problem; only for JSON
  std::vector<std::string> next_steps;          // without repetitions
};

// Tunes one problem of the command line, and shows its result.
void tune_at(Batch& batch, std::size_t at, const Asked& asked, bool& deferred,
             ListOutcome& outcome) {
  const TuneOptions& options = batch.options;
  Progress progress = Progress::on_stderr(options.measuring.quiet);
  progress.in_list(batch.pace.begin(at + 1));
  ListEntry& entry = outcome.list.entries[at];
  const bool was_deferred = deferred;
  const std::optional<Report> report = tune_one(batch, asked, deferred, entry, progress);
  if (was_deferred || !deferred) batch.pace.end(report && report->result.evaluated > 0);
  if (!report) return;
  if (options.json) {
    outcome.results[at] = result_json(*report, options.top);
    return;
  }
  show(result_text(*report, options.top) + "\n");
  std::fflush(stdout);
  std::vector<std::string>& steps = outcome.next_steps;
  const std::string step = next_step(options, report->setup);
  const bool is_new = std::find(steps.begin(), steps.end(), step) == steps.end();
  if (entry.winner && is_new) steps.push_back(step);
}

// Tunes each problem in turn; problems that another process searches come last.
void tune_all(Batch& batch, const std::vector<Asked>& problems, ListOutcome& outcome) {
  std::deque<bool> deferred(problems.size(), false);
  for (const bool is_first_visit : {true, false}) {
    for (std::size_t i = 0; i < problems.size() && !interrupted(); ++i) {
      if (!is_first_visit && !deferred[i]) continue;
      try {
        tune_at(batch, i, problems[i], deferred[i], outcome);
      } catch (const Error& error) {  // of the machine: it ends the list
        outcome.list.entries[i].state = ListState::failed;
        outcome.list.entries[i].note = error.what();
        throw;
      }
    }
  }
}

void show_end(const Batch& batch, ListOutcome outcome) {
  outcome.list.seconds = batch.pace.elapsed_s();
  if (batch.options.json) {
    std::erase_if(outcome.results, [](const auto& one) { return one.is_null(); });
    const nlohmann::ordered_json document{{"tilewright", version_text()},
                                          {"database", batch.options.measuring.database},
                                          {"results", std::move(outcome.results)},
                                          {"summary", list_json(outcome.list)}};
    fmt::print("{}\n", json_text(document));
  } else if (batch.is_list) {
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
  Batch batch{.catalog = catalog,
              .chooser = chooser,
              .options = options,
              .pace = ListPace(problems.size(), std::chrono::steady_clock::now),
              .is_list = problems.size() > 1,
              .defers = problems.size() > 1 || !options.measuring.fresh};
  if (arguments.has("log")) {
    batch.log = EventLog(arguments.text("log"));
    batch.log.add("start", {{"tilewright", version_text()}, {"command", options.command_line}});
  }
  ListOutcome outcome;
  outcome.results.resize(problems.size());
  for (const Asked& asked : problems) {
    outcome.list.entries.push_back({.problem = key_of(asked), .count = asked.count});
  }
  try {
    tune_all(batch, problems, outcome);
  } catch (const Error&) {  // what was done before is not lost
    if (outcome.list.ended() > 0) show_end(batch, std::move(outcome));
    throw;
  }
  show_end(batch, outcome);
  if (!batch.log.fault().empty()) say("tune: " + batch.log.fault());
  return exit_code_of(outcome.list);
}

}  // namespace tw
