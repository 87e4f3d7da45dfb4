// tune cover: tunes what serves ranges of shapes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "commands/cover/cover_report.h"
#include "commands/cover/cover_run.h"
#include "commands/emit/emit_portfolio.h"
#include "commands/emit/emit_winners.h"
#include "commands/tune/next_step.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "cover/points.h"
#include "cover/regret.h"
#include "emit/portfolio/measured.h"
#include "emit/portfolio/portfolio.h"
#include "emit/tuning/left_out.h"
#include "emit/tuning/tuning.h"
#include "options/source_options.h"
#include "search/strategies/strategy.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/version.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_emitted = 1000;  // the most that `tune emit --kernels` takes

CoverOptions options_of(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const StrategyInfo& info : strategies()) names.emplace_back(info.name);
  CoverOptions options;
  options.measuring = measuring_options(arguments);
  options.budget = parse_budget(arguments.text("budget", "10m"));
  if (options.budget.until_certain) {
    throw Error("--budget auto does not bound a cover: name a time, such as 10m");
  }
  options.shapes = static_cast<std::size_t>(arguments.integer("shapes-count", 24, 2, 1000));
  options.each = static_cast<std::size_t>(arguments.integer("candidates", 2, 1, 100));
  options.strategy = arguments.one_of("strategy", "auto", names);
  options.kernel = asked_kernel(arguments);
  options.command = fmt::format("tune cover {}", fmt::join(arguments.words(), " "));
  return options;
}

// Returns the ranges of the command line, each with the shapes that may be tuned. Throws Error,
// before anything is measured, if the op refuses all shapes of a range.
std::vector<CoverRange> ranges_of(const Arguments& arguments, const Catalog& catalog,
                                  std::uint64_t seed) {
  std::vector<CoverRange> ranges;
  for (const AskedRange& asked : asked_ranges(arguments, catalog)) {
    for (const AskedRange& part : by_choices(asked)) {
      try {
        ranges.push_back({part, points_of(part, seed)});
      } catch (const Error& error) {
        throw Error(part.line > 0 ? fmt::format("{}:{}: {}", arguments.text("shapes"), part.line,
                                                error.what())
                                  : fmt::format("--range: {}", error.what()));
      }
    }
  }
  return ranges;
}

// Chooses the portfolio for the tuned shapes, and says what it loses.
void add_portfolio(const MeasuredTimes& times, std::size_t kernels, CoverReport& report,
                   Portfolio& portfolio) {
  portfolio = portfolio_of(times.slowdowns, kernels);
  if (portfolio.members.empty()) {
    portfolio = portfolio_within(times.slowdowns, std::numeric_limits<double>::max());
  }
  report.kernels = portfolio.members.size();
  report.is_optimal = portfolio.is_optimal;
  std::vector<double> slowdowns;
  const std::vector<Winner>& winners = report.covered.winners;
  for (std::size_t i = 0; i < winners.size(); ++i) {
    const Trial& winner = winners[i].trial;
    const std::size_t member = portfolio.choice[i];
    slowdowns.push_back(times.slowdowns[i][member]);
    report.shapes.push_back({winner.context.situation.problem, times.candidates[member].kernel,
                             times.candidates[member].configuration, winner.measurement.median_ns(),
                             slowdowns.back()});
  }
  report.regret = regret_of(std::move(slowdowns));
}

CoverReport report_of(const CoverRange& range, CoverRun& run, const Catalog& catalog,
                      std::size_t kernels, std::size_t held_out) {
  const OpEntry& entry = *range.asked.entry;
  CoverReport report;
  report.range = range.asked.text.shape;
  report.covered = run.cover(range);
  const std::vector<Winner>& winners = report.covered.winners;
  if (winners.empty()) return report;
  const MeasuredTimes times = measured_times(run.store(), entry, winners);
  Portfolio portfolio;
  add_portfolio(times, kernels, report, portfolio);
  EmitRequest request;
  request.catalog = &catalog;
  request.op = entry.op.name;
  request.winners = winners;
  add_slowdowns(run.store(), request);
  take_members(times, portfolio, request);
  const Tuning tuning = tuning_of(request);
  std::vector<double> without;
  for (const auto& one : slowdowns_left_out(tuning)) {
    if (one) without.push_back(*one);
  }
  report.left_out = regret_of(std::move(without));
  if (held_out > 0) {
    report.held_out = run.hold_out(range.asked, tuning, held_out, report.covered.is_complete());
  }
  return report;
}

// Collects what the user can do next: for each op, to emit the configurations of all its ranges.
class NextSteps {
 public:
  NextSteps(const CoverOptions& options, const Arguments& arguments)
      : options_(options), is_from_source_(has_source(arguments)), spec_(arguments.text("spec")) {
    if (spec_.empty() && arguments.has("save-spec")) {
      spec_ = arguments.text("save-spec") + "/op.toml";
    }
  }

  void add(const CoverReport& report, const Store& store) {
    if (report.covered.winners.empty()) return;
    const Situation& situation = report.covered.winners.front().trial.context.situation;
    const auto known = std::find_if(steps_.begin(), steps_.end(),
                                    [&](const EmitStep& one) { return one.op == situation.op; });
    if (known != steps_.end()) {
      known->kernels = std::min(known->kernels + report.kernels, most_emitted);
      return;
    }
    Filter filter;
    filter.op = situation.op;
    filter.source = name_of(situation.source);
    filter.l2 = name_of(situation.l2);
    const bool is_alone = models_of(store.winners(filter)).size() == 1;
    steps_.push_back({.op = situation.op,
                      .spec = spec_,
                      .is_from_source = is_from_source_,
                      .database = options_.measuring.database,
                      .device_model = is_alone ? "" : situation.device_model,
                      .source = situation.source,
                      .l2 = situation.l2,
                      .objective = Objective::time,
                      .kernels = report.kernels});
  }

  void say_all() const {
    for (const EmitStep& step : steps_) say("next: " + emit_command_line(step));
  }

 private:
  const CoverOptions& options_;
  bool is_from_source_;
  std::string spec_;
  std::vector<EmitStep> steps_;
};

}  // namespace

CommandSpec cover_specification() {
  CommandSpec command{
      .name = "cover",
      .summary =
          "Tunes shapes of a range, measures the best configurations on all of them, and shows "
          "what a few configurations lose. Run it again to continue.",
      .usage = "tune cover --op OP --range RANGE [options]",
      .flags =
          {{"range", "RANGE",
            "the shapes to serve: m=1..8192,n=4096|14336,k=4096. --shapes FILE takes several "
            "ranges"},
           {"budget", "10m|N",
            "the time of the run (default 10m), or new evaluations for each shape"},
           {"shapes-count", "N", "the shapes to tune in each range (default 24)"},
           {"kernels", "N", "the configurations that are to serve a range (default 8)"},
           {"held-out", "N",
            "shapes to draw from each range that are not tuned: the configurations are "
            "measured on them, too, and what a header would choose is compared with the fastest "
            "(default 0)"},
           {"candidates", "N",
            "the fastest configurations of each shape that are measured on all shapes "
            "(default 2)"},
           {"strategy", "NAME", "the strategy of the searches (default auto)"}},
      .positional = "",
      .examples = {"tune cover --op gemm --range 'm=1..8192,n=4096|14336,k=4096' --dtype bf16 "
                   "--layout nt --budget 10m",
                   "tune cover --shapes ranges.csv --op gemm --db ours.db --kernels 4",
                   "tune cover --op gemm --range 'm=8..64,n=64,k=64' --device cpu --budget 2 "
                   "--shapes-count 3"},
  };
  for (const auto& flags : {problem_flags(), device_flags(), measuring_flags()}) {
    for (const Flag& flag : flags) {
      const bool is_other =
          flag.name == "shape" || flag.name == "fresh" || flag.name == "objective";
      if (!is_other) command.flags.push_back(flag);
    }
  }
  command.flags.push_back({"json", "", "print JSON instead"});
  return command;
}

int cover_command(const Arguments& arguments) {
  const CoverOptions options = options_of(arguments);
  const auto kernels = static_cast<std::size_t>(arguments.integer("kernels", 8, 1, 1000));
  const auto held_out = static_cast<std::size_t>(arguments.integer("held-out", 0, 0, 100'000));
  const Catalog catalog = catalog_of(arguments);
  const std::vector<CoverRange> ranges = ranges_of(arguments, catalog, options.measuring.seed);
  install_interrupt_handlers();
  CoverRun run(arguments, catalog, options, ranges.size());
  NextSteps next(options, arguments);
  ordered_json documents = ordered_json::array();
  bool is_complete = true;
  std::vector<std::string> impossible;
  // A fault of the machine: the ranges before it are reported, too.
  std::exception_ptr fault;
  try {
    for (const CoverRange& range : ranges) {
      const CoverReport report = report_of(range, run, catalog, kernels, held_out);
      is_complete = is_complete && report.is_complete();
      next.add(report, run.store());
      if (report.covered.is_complete() && report.shapes.empty()) {
        impossible.push_back(fmt::format("{}: {}", report.range, report.covered.left_out.reason));
      }
      if (arguments.has("json")) {
        documents.push_back(json_of(report));
      } else {
        show(text_of(report) + "\n");
      }
    }
  } catch (const Error&) {
    fault = std::current_exception();
  }
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text({{"tilewright", version_text()},
                                  {"database", options.measuring.database},
                                  {"ranges", std::move(documents)}}));
  }
  std::fflush(stdout);
  next.say_all();
  if (fault) std::rethrow_exception(fault);
  if (!impossible.empty()) {
    throw Error(fmt::format("no shape of {} of {} ranges can be tuned: {}", impossible.size(),
                            ranges.size(), impossible.front()));
  }
  return is_complete ? exit_found : exit_nothing;
}

}  // namespace tw
