// tune explain: what bounds a winner, why it beats the runner-up, and which knobs matter.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "db/store.h"
#include "options/filter_options.h"
#include "options/options.h"
#include "report/explain.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// Returns how another configuration differs from the winner's: "wgmma with stages=4".
std::string name_of(const Trial& other, const Trial& winner) {
  if (other.context.code.kernel != winner.context.code.kernel) {
    return fmt::format("{}: {}", other.context.code.kernel, other.configuration);
  }
  return fmt::format("{} with {}", other.context.code.kernel,
                     tw::difference(other.configuration, winner.configuration));
}

std::string header_text(const Explanation& found) {
  const Trial& trial = found.winner.trial;
  std::string text = fmt::format("problem    {}\n", trial.context.situation.problem);
  text += fmt::format("device     {}, driver {}, {}, {} L2\n", trial.context.situation.device_model,
                      trial.context.situation.driver, trial.context.situation.toolchain,
                      name_of(trial.context.situation.l2));
  text += fmt::format("winner     {}: {}\n", trial.context.code.kernel, trial.configuration);
  text += fmt::format("           {}, ", format_time(trial.measurement.median_ns()));
  text += found.finalists < 2 ? "not raced\n"
                              : fmt::format("the first of {} in a race, {} of them tied with it\n",
                                            found.finalists, found.winner.tied.size());
  text += fmt::format("bound by   {}\n",
                      found.bottleneck ? found.bottleneck->text
                                       : "unknown: it has no counters; tune it again on a GPU "
                                         "whose counters may be read");
  return text;
}

std::string uses_text(const Explanation& found) {
  if (!found.bottleneck) return "";
  Table table({{"part"}, {"% of its peak", Table::Align::right}});
  for (const Use& use : found.bottleneck->uses) {
    table.add({std::string(name_of(use.bound)), fmt::format("{:.0f}", use.percent)});
  }
  std::string text = "\n" + table.text();
  const auto& metrics = found.winner.trial.measurement.metrics;
  std::vector<std::string> facts;
  const auto add = [&](const char* name, auto&& words) {
    const auto value = metrics.find(name);
    if (value != metrics.end()) facts.push_back(words(value->second));
  };
  const auto bytes = [](const char* what) {
    return [what](double value) { return fmt::format("{} {}", format_rate(value, "B"), what); };
  };
  const auto percent = [](const char* what) {
    return [what](double value) { return fmt::format("{:.0f} % {}", value, what); };
  };
  add("dram_read_bytes", bytes("read from DRAM"));
  add("dram_write_bytes", bytes("written"));
  add("l2_hit_percent", percent("hits in L2"));
  add("occupancy_percent", percent("of the warps that an SM can hold"));
  add("sm_active_percent", percent("of the time with a block on an SM"));
  return facts.empty() ? text : fmt::format("{}{}\n", text, fmt::join(facts, ", "));
}

std::string runner_up_text(const Explanation& found) {
  if (!found.runner_up) return "";
  std::string text =
      fmt::format("\nrunner-up  {}\n", name_of(*found.runner_up, found.winner.trial));
  text += found.runner_up_is_tied ? "           tied with the winner, as all finalists are"
                                  : "           the first that is not tied";
  if (found.slower) {
    text += ": slower than the fastest by " + format_slower(found.slower->low, found.slower->high);
  }
  text += "\n";
  if (found.runner_up_bottleneck) {
    text += fmt::format("bound by   {}\n", found.runner_up_bottleneck->text);
  }
  if (found.bottleneck && found.runner_up_bottleneck && found.changes.empty()) {
    return text + "           no counter differs by 3 %: both do the same work in the same way\n";
  }
  Table table({{"counter"},
               {"winner", Table::Align::right},
               {"runner-up", Table::Align::right},
               {"change", Table::Align::right}});
  for (const CounterChange& change : found.changes) {
    table.add({change.words, amount_text(change, change.winner),
               amount_text(change, change.runner_up), change_text(change)});
  }
  return found.changes.empty() ? text : text + "\n" + table.text();
}

std::string knobs_text(const Explanation& found) {
  if (found.effects.empty()) return "";
  std::string text = fmt::format("\nknobs that matter, from {} trials of {}\n", found.trials,
                                 found.winner.trial.context.code.kernel);
  Table table({{"knob"},
               {"share", Table::Align::right},
               {"best", Table::Align::right},
               {"the fastest with other values"}});
  for (const KnobEffect& effect : found.effects) {
    const Knob& knob = found.knobs[effect.knob];
    std::vector<std::string> others;
    for (std::size_t i = 1; i < effect.values.size(); ++i) {
      const KnobEffect::Value& value = effect.values[i];
      others.push_back(
          fmt::format("{}: x {:.2f} ({})", knob.text(value.value), value.ratio, value.trials));
    }
    table.add({knob.name,
               has_share(found, effect) ? fmt::format("{:.0f} %", 100 * effect.share) : "",
               knob.text(effect.values.front().value), fmt::to_string(fmt::join(others, ", "))});
  }
  return text + table.text() +
         "share: the part of the variance of the trials' times that this knob alone explains; in "
         "brackets: the number of trials\n";
}

std::string pairs_text(const Explanation& found) {
  if (found.pairs.empty()) return "";
  Table table({{"pair"}, {"share", Table::Align::right}, {"the best second value for each first"}});
  for (const KnobPair& pair : found.pairs) {
    const Knob &first = found.knobs[pair.first], &second = found.knobs[pair.second];
    std::vector<std::string> best;
    for (const KnobPair::Best& one : pair.best) {
      best.push_back(fmt::format("{}: {} x {:.2f} ({})", first.text(one.first),
                                 second.text(one.second), one.ratio, one.trials));
    }
    table.add({first.name + ", " + second.name, fmt::format("{:.0f} %", 100 * pair.share),
               fmt::to_string(fmt::join(best, ", "))});
  }
  return "\nknobs that interact\n" + table.text() +
         "share: the part of the variance that the pair explains beyond its two knobs alone\n";
}

ordered_json bottleneck_json(const std::optional<Bottleneck>& bottleneck) {
  if (!bottleneck) return {};
  ordered_json uses;
  for (const Use& use : bottleneck->uses) uses[std::string(name_of(use.bound))] = use.percent;
  return {{"bound", name_of(bottleneck->bound)}, {"text", bottleneck->text}, {"percent", uses}};
}

ordered_json subject_json(const Trial& trial, const std::optional<Bottleneck>& bottleneck) {
  return {
      {"kernel", trial.context.code.kernel},
      {"configuration", trial.configuration},
      {"median_ns", known(!trial.measurement.samples_ns.empty(), trial.measurement.median_ns())},
      {"bottleneck", bottleneck_json(bottleneck)},
      {"metrics", trial.measurement.metrics}};
}

ordered_json runner_up_json(const Explanation& found) {
  if (!found.runner_up) return {};
  ordered_json object = subject_json(*found.runner_up, found.runner_up_bottleneck);
  object["tied"] = found.runner_up_is_tied;
  object["slower"] =
      found.slower ? ordered_json({found.slower->low, found.slower->high}) : ordered_json();
  object["changes"] = ordered_json::array();
  for (const CounterChange& change : found.changes) {
    object["changes"].push_back(
        {{"metric", change.name}, {"winner", change.winner}, {"runner_up", change.runner_up}});
  }
  return object;
}

ordered_json json_of(const Explanation& found) {
  const Context& context = found.winner.trial.context;
  return {{"op", context.situation.op},
          {"problem", context.situation.problem},
          {"device_model", context.situation.device_model},
          {"source", name_of(context.situation.source)},
          {"l2", name_of(context.situation.l2)},
          {"finalists", found.finalists},
          {"tied", found.winner.tied},
          {"winner", subject_json(found.winner.trial, found.bottleneck)},
          {"runner_up", runner_up_json(found)},
          {"trials", found.trials},
          {"knobs", effects_json(found)},
          {"pairs", pairs_json(found)}};
}

}  // namespace

CommandSpec explain_specification() {
  CommandSpec command{
      .name = "explain",
      .summary = "Shows what bounds a winner, why it beats the runner-up, and which knobs matter.",
      .usage = "tune explain [options]",
      .flags = {{"db", "FILE", "the database (default: tilewright.db here)"}},
      .positional = "",
      .examples = {"tune explain --op gemm", "tune explain --problem m=4096,n=4096 --json"},
  };
  for (const Flag& flag : filter_flags()) command.flags.push_back(flag);
  command.flags.push_back({"json", "", "print JSON instead"});
  return command;
}

int explain_command(const Arguments& arguments) {
  const Store store = Store::open(arguments.text("db", default_database), Store::Mode::read_only);
  ordered_json all = ordered_json::array();
  bool is_first = true;
  for (const Winner& winner : winners_of(store, filter_of(arguments))) {
    const Explanation found =
        explain(winner, store.finalists(winner.trial.id), store.known(winner.trial.context));
    if (arguments.has("json")) {
      all.push_back(json_of(found));
    } else {
      show(fmt::format("{}{}{}{}{}{}", is_first ? "" : "\n\n", header_text(found), uses_text(found),
                       runner_up_text(found), knobs_text(found), pairs_text(found)));
    }
    is_first = false;
  }
  if (arguments.has("json")) fmt::print("{}\n", json_text({{"explanations", all}}));
  if (!is_first) return exit_found;
  say("tune: no such winners" +
      hint_of_filter(arguments.text("db", default_database), filter_of(arguments)));
  return exit_nothing;
}

}  // namespace tw
