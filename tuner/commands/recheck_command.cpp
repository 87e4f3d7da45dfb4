// tune recheck: checks whether the winners still win under another driver or toolkit. It only races
// their finalists again.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "commands/recheck.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "db/store.h"
#include "options/problem_options.h"
#include "session/result_report.h"
#include "session/setup/device_choice.h"
#include "session/setup/device_text.h"
#include "session/setup/session_setup.h"
#include "ui/format.h"
#include "ui/interrupt.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/progress/progress.h"
#include "ui/table.h"
#include "ui/version.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view standing_words[] = {"holds", "flipped", "changed"};

struct Checked {
  std::string problem;
  Standing standing = Standing::holds;
  std::string before, now;  // "kernel: configuration" of the fastest one
  double before_ns = 0, now_ns = 0;
  double same_ns = 0;  // time of the former winner now; 0 if it failed
  std::string note;    // why nothing was raced
};

std::string entrant(const std::string& kernel, const std::string& configuration) {
  return kernel + ": " + configuration;
}

Store existing(const std::string& path) {
  Store::open(path, Store::Mode::read_only);  // throws Error if there is no database
  return Store::open(path, Store::Mode::read_write);
}

// Returns the finalists whose kernels have not changed.
std::vector<Contender> unchanged(const Catalog& catalog, const OpEntry& entry,
                                 const Problem& problem, const std::vector<Trial>& finalists) {
  std::vector<Contender> same;
  for (const Trial& trial : finalists) {
    for (const KernelSpec& kernel : entry.kernels) {
      if (kernel.name != trial.context.code.kernel) continue;
      if (catalog.source_digest(kernel, problem.epilogue) != trial.context.code.source_digest)
        continue;
      same.push_back({kernel.name, trial.configuration});
    }
  }
  return same;
}

void judge(const SessionResult& result, const Contender& winner, Checked& checked) {
  checked.standing = standing_of(winner, result.ranking);
  for (const Ranked& row : result.ranking) {
    if (!row.raced) continue;
    if (checked.now.empty()) {
      checked.now = entrant(row.kernel, row.configuration);
      checked.now_ns = row.median_ns;
    }
    if (Contender{row.kernel, row.configuration} == winner) checked.same_ns = row.median_ns;
  }
}

class Recheck {
 public:
  explicit Recheck(const Arguments& arguments)
      : arguments_(arguments),
        options_(measuring_options(arguments)),
        catalog_(catalog_of(arguments)),
        chooser_(arguments, catalog_.foreign()),
        opened_(chooser_.open("", "", "")),
        store_(existing(options_.database)),
        progress_(Progress::on_stderr(options_.detail)),
        command_(fmt::format("tune recheck {}", fmt::join(arguments.words(), " "))) {
    if (!opened_.recordings.empty()) {
      throw Error("a recording cannot be rechecked: name a live --device");
    }
  }

  // Checks the winners that are due. Returns the results up to the point where the user ended it.
  std::vector<Checked> run() {
    std::vector<Checked> all;
    std::vector<Winner> due = winners();
    current_ = std::ssize(due);
    std::erase_if(due, [this](const Winner& winner) { return !is_due(winner); });
    current_ -= std::ssize(due);
    ListPace pace(due.size(), std::chrono::steady_clock::now);
    for (const Winner& winner : due) {
      const ListPlace place = pace.begin(all.size() + 1);
      progress_.in_list(place);
      Checked checked = check(winner);
      if (interrupted()) break;
      pace.end(place, checked.standing != Standing::changed);
      all.push_back(std::move(checked));
    }
    progress_.clear();
    return all;
  }
  std::int64_t current() const { return current_; }
  const DeviceInfo& device() const { return opened_.device->info(); }

 private:
  std::vector<Winner> winners() const {
    Filter filter;
    filter.op = arguments_.text("op");
    filter.problem = arguments_.text("problem");
    filter.device = device().model;
    filter.source = name_of(source_of(device()));
    filter.l2 = name_of(options_.limits.cold_l2 ? L2::cold : L2::warm);
    std::vector<Winner> winners = store_.winners(filter);
    const std::string limits = device_limits_of(device());
    std::erase_if(winners, [&](const Winner& winner) {
      const Context& context = winner.trial.context;
      return context.situation.device_model != device().model ||
             context.situation.device_limits != limits || !catalog_.find(context.situation.op);
    });
    return winners;
  }
  bool is_due(const Winner& winner) const {
    const Context& context = winner.trial.context;
    return arguments_.has("all") || context.situation.driver != device().driver ||
           context.situation.toolchain != device().toolchain;
  }
  Checked check(const Winner& winner) {
    const Context& context = winner.trial.context;
    Checked checked{.problem = context.situation.problem,
                    .before = entrant(context.code.kernel, winner.trial.configuration),
                    .now = {},
                    .before_ns = winner.trial.measurement.median_ns(),
                    .note = {}};
    const Contender was{context.code.kernel, winner.trial.configuration};
    Setup setup;
    try {
      setup = setup_of(winner, was);
    } catch (const Error& error) {
      checked.standing = Standing::changed;
      checked.note = fmt::format("{}: tune it again", error.what());
      return checked;
    }
    choose_oracle(setup.request, *opened_.device, progress_, interrupted);
    judge(run_session(setup.request, *opened_.device, store_, progress_, interrupted), was,
          checked);
    return checked;
  }
  // Returns the set-up of a race of the winner's finalists. Throws Error if the winner cannot take
  // part.
  Setup setup_of(const Winner& winner, const Contender& was) {
    const Context& context = winner.trial.context;
    const OpEntry& entry = catalog_.at(context.situation.op);
    const Asked asked{.entry = &entry,
                      .problem = problem_from_key(entry.op, context.situation.problem),
                      .shape = {}};
    Setup setup = set_up(catalog_, asked, "", opened_, options_);
    std::vector<Contender>& only = setup.request.only;
    only = unchanged(catalog_, entry, asked.problem, store_.finalists(winner.trial.id));
    if (std::find(only.begin(), only.end(), was) == only.end()) {
      throw Error(fmt::format("kernel {} has changed", context.code.kernel));
    }
    setup.request.strategy = "recheck";
    setup.request.command = command_;
    return setup;
  }

  const Arguments& arguments_;
  MeasuringOptions options_;
  Catalog catalog_;
  DeviceChooser chooser_;
  OpenDevice opened_;
  Store store_;
  Progress progress_;
  std::string command_;
  std::int64_t current_ = 0;
};

ordered_json json_of(const Checked& checked) {
  const auto time = [](double ns) { return ns > 0 ? ordered_json(ns) : ordered_json(); };
  return {{"problem", checked.problem},
          {"verdict", standing_words[static_cast<int>(checked.standing)]},
          {"before", checked.before},
          {"before_ns", time(checked.before_ns)},
          {"now", checked.now},
          {"now_ns", time(checked.now_ns)},
          {"same_ns", time(checked.same_ns)},
          {"note", checked.note}};
}

std::string text_of(const std::vector<Checked>& all) {
  Table table({{"verdict"},
               {"problem"},
               {"was", Table::Align::right},
               {"is", Table::Align::right},
               {"fastest", Table::Align::right},
               {"which"}});
  for (const Checked& checked : all) {
    const bool raced = checked.standing != Standing::changed;
    table.add({std::string(standing_words[static_cast<int>(checked.standing)]), checked.problem,
               format_time(checked.before_ns), raced ? format_time(checked.same_ns) : "",
               raced ? format_time(checked.now_ns) : "",
               raced ? (checked.now == checked.before ? "the same" : checked.now) : checked.note});
  }
  return table.text();
}

}  // namespace

Standing standing_of(const Contender& winner, std::span<const Ranked> ranking) {
  bool is_first = true;
  for (const Ranked& row : ranking) {
    if (!row.raced) continue;
    const bool is_winner = Contender{row.kernel, row.configuration} == winner;
    if (is_winner && (is_first || row.tied)) return Standing::holds;
    is_first = false;
  }
  return Standing::flipped;
}

CommandSpec recheck_specification() {
  CommandSpec command{
      .name = "recheck",
      .summary =
          "Races the finalists of each winner again after a change of driver or toolkit, and shows "
          "whether the winner still wins.",
      .usage = "tune recheck [options]",
      .flags =
          {
              {"op", "OP", "only winners of this op"},
              {"problem", "TEXT", "only problems whose name contains this"},
              {"all", "", "also winners that were measured under this driver and toolkit"},
              {"spec", "FILE", "the op.toml of your own op, with its kernels beside it"},
              {"json", "", "print JSON instead"},
          },
      .positional = "",
      .examples = {"tune recheck", "tune recheck --op gemm --device cuda:0 --json"},
  };
  for (const auto& flags : {device_flags(), measuring_flags()}) {
    for (const Flag& flag : flags) {
      if (flag.name != "fresh" && flag.name != "objective") command.flags.push_back(flag);
    }
  }
  return command;
}

int recheck_command(const Arguments& arguments) {
  install_interrupt_handlers();
  Recheck recheck(arguments);
  const std::vector<Checked> all = recheck.run();
  const auto count = [&](Standing standing) {
    return std::count_if(all.begin(), all.end(),
                         [&](const Checked& one) { return one.standing == standing; });
  };
  const auto flipped = count(Standing::flipped), changed = count(Standing::changed);
  if (arguments.has("json")) {
    ordered_json document{{"driver", recheck.device().driver},
                          {"toolchain", recheck.device().toolchain},
                          {"current", recheck.current()},
                          {"flipped", flipped},
                          {"changed", changed},
                          {"winners", ordered_json::array()}};
    for (const Checked& checked : all) document["winners"].push_back(json_of(checked));
    fmt::print("{}\n", json_text(document));
  } else {
    show(fmt::format("{}{}: {} rechecked, {} flipped, {} changed; {} measured under it before\n",
                     all.empty() ? "" : text_of(all) + "\n", describe(recheck.device(), {}),
                     all.size(), flipped, changed, recheck.current()));
  }
  // A misspelt filter must not look like winners that hold.
  const bool none = all.empty() && recheck.current() == 0 && !interrupted();
  if (none) say(fmt::format("tune: no such winners of {}", recheck.device().model));
  return none || flipped + changed > 0 || interrupted() ? exit_nothing : exit_found;
}

}  // namespace tw
