// tune select: what a header would run for a call, without a GPU.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/commands.h"
#include "commands/emit/emit_portfolio.h"
#include "commands/emit/emit_winners.h"
#include "core/catalog/catalog.h"
#include "devices/registry/registry.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/left_out.h"
#include "emit/tuning/tuning.h"
#include "options/filter_options.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/version.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// How much slower than their winners the choices for tuned problems are, if the header does not
// know the problem itself.
struct Omission {
  int problems = 0;  // of the call's type and choices
  int measured = 0;  // those whose choice was measured on them
  double mean = 1, worst = 1;
};

struct Selected {
  std::string problem;
  dispatch::Match match = dispatch::Match::none;
  std::string kernel, configuration;
  std::string tuned;  // the tuned problem whose winner runs; empty: a default
  double tuned_ns = 0;
  double factor = 1;  // the product of the ratios of the dims without a default to the tuned ones
  Omission left_out;
};

double ratio(std::int64_t a, std::int64_t b) {
  const auto [less, more] = std::minmax(a, b);
  return static_cast<double>(std::max<std::int64_t>(more, 1)) /
         static_cast<double>(std::max<std::int64_t>(less, 1));
}

std::string_view word_of(dispatch::Match match) {
  switch (match) {
    case dispatch::Match::exact:
      return "exact";
    case dispatch::Match::nearest:
      return "nearest";
    case dispatch::Match::fallback:
      return "default";
    case dispatch::Match::none:
      break;
  }
  return "none";
}

// Chooses as the header of one request does.
class Selector {
 public:
  explicit Selector(const EmitRequest& request) : tuning_(tuning_of(request)) {}

  Selected select(const Problem& problem) const {
    Selected selected;
    selected.problem = problem.key(tuning_.op());
    const dispatch::Choice choice = choice_of(tuning_, problem, tuning_.device);
    selected.match = choice.match;
    if (choice.branch < 0) return selected;
    const Branch& branch = tuning_.branches[static_cast<std::size_t>(choice.branch)];
    selected.kernel = branch.kernel->name;
    selected.configuration = text_of(branch.kernel->knobs, branch.configuration);
    if (choice.row < 0) return selected;
    const TunedRow& row = tuning_.rows[static_cast<std::size_t>(choice.row)];
    selected.tuned = row.problem.key(tuning_.op());
    selected.tuned_ns = row.winner.trial.measurement.median_ns();
    for (std::size_t i = 0; i < problem.dims.size(); ++i) {
      if (tuning_.op().dims[i].fallback) continue;
      selected.factor *= ratio(problem.dims[i], row.problem.dims[i]);
    }
    if (choice.match == dispatch::Match::nearest) selected.left_out = leave_out(row);
    return selected;
  }

 private:
  Omission leave_out(const TunedRow& like) const {
    Omission all;
    double sum = 0;
    const std::vector<std::optional<double>> slowdowns = slowdowns_left_out(tuning_);
    for (std::size_t i = 0; i < tuning_.rows.size(); ++i) {
      const TunedRow& row = tuning_.rows[i];
      if (row.form != like.form || row.problem.choices != like.problem.choices) continue;
      ++all.problems;
      if (!slowdowns[i]) continue;
      ++all.measured;
      sum += *slowdowns[i];
      all.worst = std::max(all.worst, *slowdowns[i]);
    }
    if (all.measured > 0) all.mean = sum / all.measured;
    return all;
  }

  Tuning tuning_;
};

std::string why_of(const Selected& selected, Objective objective) {
  switch (selected.match) {
    case dispatch::Match::exact:
      return fmt::format("tuned for this problem: {}", format_time(selected.tuned_ns));
    case dispatch::Match::nearest:
      return fmt::format(
          "is expected to {}; the nearest tuned problem that it won: {}, {} there; "
          "the dims differ by a factor of {} in all",
          objective == Objective::time ? "be the fastest"
                                       : fmt::format("have the least {}", name_of(objective)),
          selected.tuned, format_time(selected.tuned_ns), format_significant(selected.factor, 3));
    case dispatch::Match::fallback:
      return "a default: no winner serves the problem";
    case dispatch::Match::none:
      break;
  }
  return "no configuration serves the problem: tune it, or emit with --defaults";
}

std::string sureness_of(const Selected& selected, Objective objective) {
  const Omission& all = selected.left_out;
  if (selected.match == dispatch::Match::exact) return "";
  if (selected.match != dispatch::Match::nearest || all.measured == 0) {
    return "  sure   not known: such a choice was not measured on a tuned problem\n";
  }
  return fmt::format(
      "  sure   such choices were measured on {} of {} tuned problems: {} than "
      "the winner by {} on the mean, by {} at worst\n",
      all.measured, all.problems,
      objective == Objective::time ? "slower" : fmt::format("more {}", name_of(objective)),
      loss_text(all.mean), loss_text(all.worst));
}

std::string text_of(const Selected& selected, const std::string& device, Objective objective) {
  std::string text = fmt::format("{} on {}\n", selected.problem, device);
  if (!selected.kernel.empty()) {
    text += fmt::format("  runs   {} {}\n", selected.kernel, selected.configuration);
  }
  text += fmt::format("  why    {}\n", why_of(selected, objective));
  return selected.kernel.empty() ? text : text + sureness_of(selected, objective);
}

ordered_json json_of(const Selected& selected, const std::string& device) {
  const auto text = [](const std::string& one) {
    return one.empty() ? ordered_json() : ordered_json(one);
  };
  const Omission& all = selected.left_out;
  return {{"problem", selected.problem},
          {"device", text(device)},
          {"match", word_of(selected.match)},
          {"kernel", text(selected.kernel)},
          {"configuration", text(selected.configuration)},
          {"tuned_problem", text(selected.tuned)},
          {"tuned_ns", known(selected.tuned_ns > 0, selected.tuned_ns)},
          {"dims_factor", known(!selected.tuned.empty(), selected.factor)},
          {"left_out",
           {{"problems", all.problems},
            {"measured", all.measured},
            {"mean_slowdown", known(all.measured > 0, all.mean)},
            {"worst_slowdown", known(all.measured > 0, all.worst)}}}};
}

// What `tune emit` would write for an op, before it is text.
struct Header {
  EmitRequest request;
  std::string device;
  std::optional<Selector> selector{};  // of the request
};

// Returns nothing, after a line that says why, if there are no winners.
std::unique_ptr<Header> header_of(const Arguments& arguments, const Catalog& catalog,
                                  const OpEntry& entry) {
  const std::string database = arguments.text("db", default_database);
  const std::string& op = entry.op.name;
  std::string nothing;
  std::vector<Winner> winners = emit_winners(database, emit_filter(arguments, op), entry, nothing);
  if (winners.empty()) {
    say(fmt::format("tune: {}", nothing));
    return nullptr;
  }
  check_one_device(database, winners);
  const Objective objective = objective_of(arguments);
  auto header = std::make_unique<Header>();
  header->device = winners.front().trial.context.situation.device_model;
  header->request = {.catalog = &catalog,
                     .op = op,
                     .winners = std::move(winners),
                     .generator = version_text(),
                     .source_note = "",
                     .defaults = arguments.has("defaults"),
                     .objective = objective};
  add_slowdowns(Store::open(database, Store::Mode::read_only), header->request);
  if (asks_portfolio(arguments)) {
    say(fmt::format("tune: {}",
                    take_portfolio(arguments, database, compile_for_gpus, header->request)));
  }
  header->selector.emplace(header->request);
  return header;
}

}  // namespace

CommandSpec select_specification() {
  CommandSpec command{
      .name = "select",
      .summary =
          "Shows which configuration an emitted header would run for a problem, and how "
          "sure that choice is. Needs no GPU.",
      .usage = "tune select --op OP --shape SHAPE [options]",
      .flags = problem_flags(),
      .positional = "",
      .examples = {"tune select --op gemm --shape 1000x4096x4096 --dtype bf16 --layout nt",
                   "tune select --shapes layers.txt --op conv2d --db ours.db --json",
                   "tune select --op gemm --shape 1000x4096x4096 --kernels 8"},
  };
  std::vector<Flag>& flags = command.flags;
  const std::vector<Flag> more{
      {"db", "FILE", "the database of trials (default: tilewright.db here)"},
      {"device", "MODEL", "the GPU, if the database knows several"},
      {"source", "SOURCE", "the rows that may win: measured (default), cpu, replayed or imported"},
      {"l2", "cold|warm", "winners of cold (default) or warm L2"},
      objective_flag("the objective of the header's winners (default time)"),
      {"defaults", "", "as for `tune emit`: the header has all default configurations"},
      {"json", "", "print JSON instead"}};
  flags.insert(flags.end(), more.begin(), more.end());
  const std::vector<Flag> portfolio = portfolio_flags();
  flags.insert(flags.end(), portfolio.begin(), portfolio.end());
  return command;
}

int select_command(const Arguments& arguments) {
  const Catalog catalog = catalog_of(arguments);
  ordered_json results = ordered_json::array();
  bool all_run = true;
  std::map<std::string, std::unique_ptr<Header>> headers;  // by op; null without winners
  for (const Asked& asked : asked_problems(arguments, catalog)) {
    const OpSpec& op = asked.entry->op;
    auto at = headers.find(op.name);
    if (at == headers.end()) {
      at = headers.emplace(op.name, header_of(arguments, catalog, *asked.entry)).first;
    }
    const Header* header = at->second.get();
    Selected selected;
    selected.problem = asked.problem.key(op);
    if (header) selected = header->selector->select(asked.problem);
    all_run = all_run && !selected.kernel.empty();
    if (arguments.has("json")) {
      results.push_back(json_of(selected, header ? header->device : ""));
    } else if (header) {
      show(text_of(selected, header->device, header->request.objective));
    }
  }
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text({{"tilewright", version_text()},
                                  {"database", arguments.text("db", default_database)},
                                  {"results", std::move(results)}}));
  }
  return all_run ? exit_found : exit_nothing;
}

}  // namespace tw
