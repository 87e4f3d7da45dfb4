#include "compare/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_contexts = 6;  // in the text; JSON has all of them

// The circumstances of a winner that a line above the table shows.
struct Circumstances {
  std::string device, driver, toolchain, source, commit;
  auto operator<=>(const Circumstances&) const = default;
};

Circumstances circumstances_of(const ComparedWinner& one) {
  const Situation& situation = one.winner.trial.context.situation;
  return {situation.device_model, situation.driver, situation.toolchain,
          std::string(name_of(situation.source)), one.commit};
}

using Counted = std::pair<Circumstances, std::size_t>;

// Returns the circumstances of one database's winners, the most frequent ones first.
std::vector<Counted> circumstances_of(const Comparison& comparison,
                                      ComparedWinner ComparedProblem::*side,
                                      const std::vector<ComparedWinner>& only) {
  std::map<Circumstances, std::size_t> counts;
  for (const ComparedProblem& one : comparison.problems) ++counts[circumstances_of(one.*side)];
  for (const ComparedWinner& one : only) ++counts[circumstances_of(one)];
  std::vector<Counted> list(counts.begin(), counts.end());
  std::stable_sort(list.begin(), list.end(), [](const Counted& one, const Counted& other) {
    return one.second > other.second;
  });
  return list;
}

std::string words_of(const Circumstances& one) {
  std::string words = one.device;
  if (!one.driver.empty()) words += ", driver " + one.driver;
  for (const std::string& word : {one.toolchain, one.source}) {
    if (!word.empty()) words += ", " + word;
  }
  if (!one.commit.empty()) words += ", commit " + one.commit;
  return words;
}

// Returns the lines that say what a database holds.
std::string side_text(const std::string& name, const std::string& path,
                      const std::vector<Counted>& list) {
  std::string text = fmt::format("{}  {}:", name, path);
  if (list.empty()) return text + " no winner\n";
  if (list.size() == 1) return text + fmt::format(" {}\n", words_of(list.front().first));
  text += "\n";
  for (std::size_t i = 0; i < std::min(list.size(), most_contexts); ++i) {
    text += fmt::format("   {} of {}\n", list[i].second, words_of(list[i].first));
  }
  if (list.size() > most_contexts) {
    text += fmt::format("   and {} others\n", list.size() - most_contexts);
  }
  return text;
}

// Returns "A", or "A -> B" if they differ.
std::string both(const std::string& a, const std::string& b) {
  return a == b ? a : fmt::format("{} -> {}", a, b);
}

std::string device_text(const ComparedProblem& one) {
  return both(one.a.winner.trial.context.situation.device_model,
              one.b.winner.trial.context.situation.device_model);
}

std::string source_text(const ComparedProblem& one) {
  return both(std::string(name_of(one.a.winner.trial.context.situation.source)),
              std::string(name_of(one.b.winner.trial.context.situation.source)));
}

std::string l2_text(const ComparedProblem& one) {
  return std::string(name_of(one.a.winner.trial.context.situation.l2));
}

// A column that is shown only if its texts differ.
class Distinction {
 public:
  Distinction(const Comparison& comparison, std::string (*text)(const ComparedProblem&))
      : text_(text) {
    const auto& all = comparison.problems;
    is_shown_ = std::any_of(all.begin(), all.end(), [&](const ComparedProblem& one) {
      return text(one) != text(all.front());
    });
  }
  std::string of(const ComparedProblem& one) const { return is_shown_ ? text_(one) : ""; }

 private:
  std::string (*text_)(const ComparedProblem&);
  bool is_shown_ = false;
};

std::string half_interval(const Measurement& measurement) {
  const auto interval = interval_of(measurement);
  if (!interval) return "";
  const double half = (interval->high - interval->low) / 2 / measurement.median_ns();
  return fmt::format("{:.1f} %", half * 100);
}

// Returns what b's winner has that a's has not.
std::string winner_text(const ComparedProblem& one) {
  if (one.has_same_winner()) return one.has_new_source() ? "same, new source" : "same";
  const Trial& before = one.a.winner.trial;
  const Trial& after = one.b.winner.trial;
  if (before.context.code.kernel == after.context.code.kernel) {
    return difference(after.configuration, before.configuration);
  }
  return fmt::format("{}: {}", after.context.code.kernel, abbreviate(after.configuration));
}

// Returns the time of a's winner in b, and how much slower than b's winner it is.
std::string a_in_b_text(const ComparedProblem& one) {
  if (one.has_same_winner() || !one.a_in_b) return "";
  const Measurement& measured = one.a_in_b->measurement;
  if (measured.outcome != Outcome::ok) return std::string(name_of(measured.outcome));
  const double ratio = measured.median_ns() / one.b.winner.trial.measurement.median_ns();
  return fmt::format("{} ({:+.1f} %)", format_time(measured.median_ns()), (ratio - 1) * 100);
}

std::string change_text(const ComparedProblem& one, const std::optional<double>& threshold) {
  if (!threshold || !one.is_slower_by(*threshold)) return std::string(name_of(one.change));
  return fmt::format("slower by over {:.4g} %", *threshold * 100);
}

std::string table_text(const Comparison& comparison, const ComparisonRequest& request) {
  Table table({{"problem"},
               {"device"},
               {"source"},
               {"l2"},
               {"a", Table::Align::right},
               {"+-", Table::Align::right},
               {"b", Table::Align::right},
               {"+-", Table::Align::right},
               {"b / a", Table::Align::right},
               {"interval"},
               {"b is"},
               {"a's winner in b", Table::Align::right},
               {"winner of b"}});
  const Distinction device(comparison, device_text), source(comparison, source_text),
      l2(comparison, l2_text);
  for (const ComparedProblem& one : comparison.problems) {
    const Measurement& before = one.a.winner.trial.measurement;
    const Measurement& after = one.b.winner.trial.measurement;
    const auto& interval = one.ratio.interval;
    table.add({one.a.winner.trial.context.situation.problem, device.of(one), source.of(one),
               l2.of(one), format_time(before.median_ns()), half_interval(before),
               format_time(after.median_ns()), half_interval(after),
               fmt::format("{:.3f}", one.ratio.ratio),
               interval ? fmt::format("{:.3f} to {:.3f}", interval->low, interval->high) : "",
               change_text(one, request.threshold), a_in_b_text(one), winner_text(one)});
  }
  return table.text();
}

// Returns how many winners only one database has; with `all` also their problems.
std::string only_text(const std::string& path, const std::vector<ComparedWinner>& only, bool all) {
  if (only.empty()) return "";
  std::string text =
      fmt::format("only in {}: {}{}\n", path, only.size(), all ? "" : " (--all names them)");
  for (const ComparedWinner& one : only) {
    const Situation& situation = one.winner.trial.context.situation;
    if (!all) break;
    text += fmt::format("  {} on {}, {}, {} L2: {}\n", situation.problem, situation.device_model,
                        name_of(situation.source), name_of(situation.l2),
                        format_time(one.winner.trial.measurement.median_ns()));
  }
  return text;
}

std::string last_line(const Comparison& comparison, const std::optional<double>& threshold) {
  std::string text = fmt::format(
      "{} in both; b / a {:.3f} in the geometric mean; {} faster, {} slower, {} equal within their "
      "intervals",
      comparison.problems.size(), comparison.geometric_mean(), comparison.count(Change::faster),
      comparison.count(Change::slower), comparison.count(Change::equal));
  if (const std::size_t unknown = comparison.count(Change::unknown)) {
    text += fmt::format(", {} without an interval", unknown);
  }
  if (threshold) {
    text += fmt::format("; {} slower by over {:.4g} %", comparison.slower_by(*threshold),
                        *threshold * 100);
  }
  return text + "\n";
}

ordered_json interval_json(const std::optional<Interval>& interval) {
  return interval ? ordered_json::array({interval->low, interval->high}) : ordered_json();
}

ordered_json winner_json(const ComparedWinner& one) {
  const Trial& trial = one.winner.trial;
  const Situation& situation = trial.context.situation;
  return {{"kernel", trial.context.code.kernel},
          {"configuration", trial.configuration},
          {"median_ns", trial.measurement.median_ns()},
          {"interval_ns", interval_json(interval_of(trial.measurement))},
          {"samples", trial.measurement.samples_ns.size()},
          {"raced", one.winner.raced},
          {"created", trial.created},
          {"device_model", situation.device_model},
          {"device_limits", situation.device_limits},
          {"driver", situation.driver},
          {"toolchain", situation.toolchain},
          {"source", name_of(situation.source)},
          {"source_digest", trial.context.code.source_digest},
          {"commit", one.commit}};
}

ordered_json a_in_b_json(const std::optional<Trial>& trial) {
  if (!trial) return {};
  const Measurement& measured = trial->measurement;
  return {{"outcome", name_of(measured.outcome)},
          {"median_ns", known(!measured.samples_ns.empty(), measured.median_ns())},
          {"interval_ns", interval_json(interval_of(measured))},
          {"raced", trial->kind == TrialKind::race}};
}

ordered_json problem_json(const ComparedProblem& one, const std::optional<double>& threshold) {
  const Situation& situation = one.a.winner.trial.context.situation;
  return {
      {"op", situation.op},
      {"problem", situation.problem},
      {"l2", name_of(situation.l2)},
      {"ratio", one.ratio.ratio},
      {"ratio_interval", interval_json(one.ratio.interval)},
      {"change", name_of(one.change)},
      {"beyond_threshold", known(threshold.has_value(), one.is_slower_by(threshold.value_or(0)))},
      {"same_winner", one.has_same_winner()},
      {"new_source", one.has_new_source()},
      {"a_in_b", a_in_b_json(one.a_in_b)},
      {"a", winner_json(one.a)},
      {"b", winner_json(one.b)}};
}

ordered_json only_json(const std::vector<ComparedWinner>& only) {
  ordered_json list = ordered_json::array();
  for (const ComparedWinner& one : only) {
    const Situation& situation = one.winner.trial.context.situation;
    ordered_json object{
        {"op", situation.op}, {"problem", situation.problem}, {"l2", name_of(situation.l2)}};
    object.update(winner_json(one));
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

std::string comparison_text(const Comparison& comparison, const ComparisonRequest& request) {
  std::string text =
      side_text("a", request.a,
                circumstances_of(comparison, &ComparedProblem::a, comparison.only_a)) +
      side_text("b", request.b,
                circumstances_of(comparison, &ComparedProblem::b, comparison.only_b)) +
      "\n";
  if (!comparison.problems.empty()) text += table_text(comparison, request);
  text += only_text(request.a, comparison.only_a, request.all);
  text += only_text(request.b, comparison.only_b, request.all);
  if (!comparison.problems.empty()) text += last_line(comparison, request.threshold);
  return text;
}

ordered_json comparison_json(const Comparison& comparison, const ComparisonRequest& request) {
  ordered_json problems = ordered_json::array();
  for (const ComparedProblem& one : comparison.problems) {
    problems.push_back(problem_json(one, request.threshold));
  }
  const bool any = !comparison.problems.empty();
  return {{"a", request.a},
          {"b", request.b},
          {"problems", std::move(problems)},
          {"only_a", only_json(comparison.only_a)},
          {"only_b", only_json(comparison.only_b)},
          {"geometric_mean", known(any, comparison.geometric_mean())},
          {"faster", comparison.count(Change::faster)},
          {"slower", comparison.count(Change::slower)},
          {"equal", comparison.count(Change::equal)},
          {"unknown", comparison.count(Change::unknown)},
          {"threshold", known(request.threshold.has_value(), request.threshold.value_or(0))},
          {"beyond_threshold", known(request.threshold.has_value(),
                                     comparison.slower_by(request.threshold.value_or(0)))}};
}

}  // namespace tw
