// tune cover: tunes what serves ranges of shapes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "commands/cover_run.h"
#include "commands/emit_portfolio.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "cover/regret.h"
#include "emit/portfolio/measured.h"
#include "emit/portfolio/portfolio.h"
#include "emit/tuning/left_out.h"
#include "search/strategies/strategy.h"
#include "ui/format.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"
#include "ui/version.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

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

// A tuned shape, and the configuration of the portfolio that serves it best.
struct ServedShape {
  std::string problem, kernel, configuration;
  double best_ns = 0, slowdown = 1;
};

struct Left {
  std::string range;
  std::size_t missing = 0, kernels = 0;
  bool is_optimal = true;
  std::vector<ServedShape> shapes;
  Regret regret;    // of the portfolio
  Regret left_out;  // of the choice for each shape by the others
  std::size_t held_out_asked = 0;
  std::vector<HeldOut> held_out;
};

// The slowdowns of what a header chooses for shapes that were not tuned.
struct HeldOutRegret {
  Regret against_best, against_library;
  std::size_t unserved = 0;  // shapes for which the choice has no time
};

HeldOutRegret held_out_regret(const std::vector<HeldOut>& all) {
  HeldOutRegret regret;
  std::vector<double> best, library;
  for (const HeldOut& one : all) {
    if (one.chosen_ns <= 0) {
      ++regret.unserved;
      continue;
    }
    best.push_back(one.chosen_ns / one.best_ns);
    if (one.baseline_ns > 0) library.push_back(one.chosen_ns / one.baseline_ns);
  }
  regret.against_best = regret_of(std::move(best));
  regret.against_library = regret_of(std::move(library));
  return regret;
}

Left left_by(const Covered& covered, const AskedRange& range, CoverRun& run, const Catalog& catalog,
             std::size_t kernels, std::size_t held_out) {
  const Store& store = run.store();
  const OpEntry& entry = *range.entry;
  Left left;
  left.range = covered.range;
  left.missing = covered.missing;
  if (covered.winners.empty()) return left;
  const MeasuredTimes times = measured_times(store, entry, covered.winners);
  Portfolio portfolio = portfolio_of(times.slowdowns, kernels);
  if (portfolio.members.empty()) {
    portfolio = portfolio_within(times.slowdowns, std::numeric_limits<double>::max());
  }
  left.kernels = portfolio.members.size();
  left.is_optimal = portfolio.is_optimal;
  std::vector<double> slowdowns;
  for (std::size_t i = 0; i < covered.winners.size(); ++i) {
    const Trial& winner = covered.winners[i].trial;
    const std::size_t member = portfolio.choice[i];
    slowdowns.push_back(times.slowdowns[i][member]);
    left.shapes.push_back({winner.context.situation.problem, times.candidates[member].kernel,
                           times.candidates[member].configuration, winner.measurement.median_ns(),
                           slowdowns.back()});
  }
  left.regret = regret_of(slowdowns);
  EmitRequest request;
  request.catalog = &catalog;
  request.op = entry.op.name;
  request.winners = covered.winners;
  add_slowdowns(store, request);
  take_members(times, portfolio, request);
  std::vector<double> without;
  const Tuning tuning = tuning_of(request);
  for (const auto& one : slowdowns_left_out(tuning)) {
    if (one) without.push_back(*one);
  }
  left.left_out = regret_of(std::move(without));
  left.held_out_asked = held_out;
  if (held_out > 0 && left.missing == 0) left.held_out = run.hold_out(range, tuning, held_out);
  return left;
}

std::string regret_text(const Regret& regret) {
  return fmt::format("geometric mean {}, 95th percentile {}, worst {}", loss_text(regret.geomean),
                     loss_text(regret.p95), loss_text(regret.worst));
}

std::string held_out_text(const Left& left) {
  const HeldOutRegret regret = held_out_regret(left.held_out);
  std::string text = fmt::format(
      "{} of {} shapes that were not tuned are measured: the header's choice is slower than the "
      "fastest known by {}",
      left.held_out.size(), left.held_out_asked, regret_text(regret.against_best));
  if (regret.against_library.count > 0) {
    text += fmt::format(
        "; its time divided by the fastest library's: geometric mean {:.3f}, 95th "
        "percentile {:.3f}, worst {:.3f}",
        regret.against_library.geomean, regret.against_library.p95, regret.against_library.worst);
  }
  if (regret.unserved > 0) text += fmt::format("; {} are not served", regret.unserved);
  return text + "\n";
}

std::string text_of(const Left& left) {
  Table table({{"problem"},
               {"fastest", Table::Align::right},
               {"slower", Table::Align::right},
               {"configuration"}});
  for (const ServedShape& one : left.shapes) {
    table.add({one.problem, format_time(one.best_ns), loss_text(one.slowdown),
               fmt::format("{}: {}", one.kernel, one.configuration)});
  }
  std::string text = fmt::format("{}\n{}\n", left.range, table.text());
  text +=
      fmt::format("{} configuration{} for {} tuned shapes: slower than the fastest by {}{}\n",
                  left.kernels, left.kernels == 1 ? "" : "s", left.shapes.size(),
                  regret_text(left.regret), left.is_optimal ? "" : "; a better choice may exist");
  text += left.left_out.count == 0
              ? "for shapes that were not tuned: not known\n"
              : fmt::format("for each shape as if it were not tuned ({} of {}): {}\n",
                            left.left_out.count, left.shapes.size(), regret_text(left.left_out));
  if (left.held_out_asked > 0) text += held_out_text(left);
  if (left.missing > 0) {
    text += fmt::format("{} measurements are missing: run the same command again to continue\n",
                        left.missing);
  }
  return text;
}

ordered_json json_of(const Regret& regret) {
  return {{"shapes", regret.count},
          {"geomean_slowdown", regret.geomean},
          {"p95_slowdown", regret.p95},
          {"worst_slowdown", regret.worst}};
}

ordered_json json_of(const std::vector<HeldOut>& all) {
  ordered_json shapes = ordered_json::array();
  for (const HeldOut& one : all) {
    shapes.push_back({{"problem", one.problem},
                      {"kernel", one.kernel},
                      {"configuration", one.configuration},
                      {"chosen_ns", known(one.chosen_ns > 0, one.chosen_ns)},
                      {"best_ns", known(one.best_ns > 0, one.best_ns)},
                      {"baseline_ns", known(one.baseline_ns > 0, one.baseline_ns)}});
  }
  const HeldOutRegret regret = held_out_regret(all);
  return {{"unserved", regret.unserved},
          {"against_best", json_of(regret.against_best)},
          {"against_library", json_of(regret.against_library)},
          {"shapes", std::move(shapes)}};
}

ordered_json json_of(const Left& left) {
  ordered_json shapes = ordered_json::array();
  for (const ServedShape& one : left.shapes) {
    shapes.push_back({{"problem", one.problem},
                      {"best_ns", one.best_ns},
                      {"slowdown", one.slowdown},
                      {"kernel", one.kernel},
                      {"configuration", one.configuration}});
  }
  return {{"range", left.range},
          {"configurations", left.kernels},
          {"missing", left.missing},
          {"regret", json_of(left.regret)},
          {"left_out", json_of(left.left_out)},
          {"held_out", known(left.held_out_asked > 0, json_of(left.held_out))},
          {"shapes", std::move(shapes)}};
}

std::string next_step(const CoverOptions& options, const Arguments& arguments,
                      std::size_t kernels) {
  std::string text = "next: tune emit ";
  text += arguments.has("spec") ? fmt::format("--spec {}", arguments.text("spec"))
                                : fmt::format("--op {}", arguments.text("op", "OP"));
  text += fmt::format(" --kernels {} --out tuned", kernels);
  if (options.measuring.database != default_database) {
    text += fmt::format(" --db {}", options.measuring.database);
  }
  return text;
}

}  // namespace

CommandSpec cover_specification() {
  CommandSpec command{
      .name = "cover",
      .summary =
          "Tunes shapes of a range, measures the best configurations on all of them, and shows "
          "what "
          "a few configurations lose. Run it again to continue.",
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
  const std::vector<AskedRange> asked = asked_ranges(arguments, catalog);
  install_interrupt_handlers();
  CoverRun run(arguments, catalog, options);
  ordered_json ranges = ordered_json::array();
  bool is_complete = true;
  for (const AskedRange& range : asked) {
    for (const AskedRange& part : without_words(range)) {
      const Covered covered = run.cover(part);
      const Left left = left_by(covered, part, run, catalog, kernels, held_out);
      is_complete = is_complete && left.missing == 0 && !left.shapes.empty() &&
                    left.held_out.size() == held_out;
      if (arguments.has("json")) {
        ranges.push_back(json_of(left));
      } else {
        show(text_of(left) + "\n");
      }
      if (interrupted()) break;
    }
  }
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text({{"tilewright", version_text()},
                                  {"database", options.measuring.database},
                                  {"ranges", std::move(ranges)}}));
  }
  say(next_step(options, arguments, kernels));
  return is_complete && !interrupted() ? exit_found : exit_nothing;
}

}  // namespace tw
