// tune compare: shows what changed between two databases, and by how much.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "commands/commands.h"
#include "compare/comparison_text.h"
#include "core/base/error.h"
#include "options/filter_options.h"
#include "ui/json_text.h"
#include "ui/output.h"

namespace tw {
namespace {

// Parses "5%" or "0.5 %" as a part of one. Throws Error.
double parse_threshold(const std::string& text) {
  double percent = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), percent);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (fault != std::errc() || unit != "%" || !(percent >= 0 && percent <= 1e6)) {
    throw Error(fmt::format("--threshold {}: not a percentage from 0 on: for example 5%", text));
  }
  return percent / 100;
}

// The two sides of a comparison.
struct Sides {
  Store a, b;
  std::string a_name, b_name;
};

constexpr std::pair<std::string_view, Aspect> aspects[] = {
    {"device", Aspect::device}, {"driver", Aspect::driver}, {"toolkit", Aspect::toolkit}};

Aspect parse_aspect(const std::string& by, const std::string& name) {
  for (const auto& [word, aspect] : aspects) {
    if (word == name) return aspect;
  }
  throw Error(fmt::format("--by {}: one of device, driver, toolkit", by));
}

// Returns the two values that --by compares: those that it names, as in driver=550.54,580.15, or
// the only two of the database, the older one first.
std::vector<std::string> compared_values(const std::string& by, Aspect aspect,
                                         const std::string& path, const Filter& filter) {
  std::vector<std::string> known =
      Store::open(path, Store::Mode::read_only).values_of(aspect, filter);
  const std::string name = by.substr(0, by.find('='));
  if (name.size() == by.size()) {
    if (known.size() == 2) return known;
    const std::string remedy = known.size() < 2
                                   ? "there is nothing to compare"
                                   : fmt::format("name two of them, as in --by '{}={},{}'", name,
                                                 known.front(), known.back());
    throw Error(fmt::format("--by {}: {} has {}: {}: {}", by, path, known.size(),
                            fmt::join(known, ", "), remedy));
  }
  const std::string list = by.substr(name.size() + 1);
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::vector<std::string> named{list.substr(0, comma),
                                       list.substr(std::min(comma + 1, list.size()))};
  for (const std::string& one : named) {
    if (std::find(known.begin(), known.end(), one) != known.end()) continue;
    throw Error(fmt::format("--by {}: {} has no {} '{}': two of {}", by, path, name, one,
                            fmt::join(known, ", ")));
  }
  return named;
}

Sides sides_of(const Arguments& arguments, const Filter& filter) {
  const std::vector<std::string>& paths = arguments.positionals();
  if (!arguments.has("by")) {
    if (paths.size() != 2) {
      throw Error("name two databases, as in tune compare before.db after.db");
    }
    return {.a = Store::open(paths[0], Store::Mode::read_only),
            .b = Store::open(paths[1], Store::Mode::read_only),
            .a_name = paths[0],
            .b_name = paths[1]};
  }
  if (paths.size() != 1) throw Error("--by compares two parts of one database: name one");
  const std::string by = arguments.text("by");
  const std::string name = by.substr(0, by.find('='));
  const Aspect aspect = parse_aspect(by, name);
  const std::vector<std::string> values = compared_values(by, aspect, paths[0], filter);
  return {.a = Store::open_part(paths[0], aspect, values[0]),
          .b = Store::open_part(paths[0], aspect, values[1]),
          .a_name = fmt::format("{}, {} {}", paths[0], name, values[0]),
          .b_name = fmt::format("{}, {} {}", paths[0], name, values[1])};
}

ComparisonRequest request_of(const Arguments& arguments) {
  ComparisonRequest request{.a = "", .b = "", .all = arguments.has("all")};
  if (arguments.has("threshold")) request.threshold = parse_threshold(arguments.text("threshold"));
  return request;
}

}  // namespace

CommandSpec compare_specification() {
  CommandSpec command{
      .name = "compare",
      .summary = "Compares the winners of two databases: what changed, and by how much.",
      .usage =
          "tune compare A.db B.db [options]\n"
          "       tune compare A.db --by device|driver|toolkit [options]",
      .flags = {{"by", "ASPECT",
                 "compare two parts of one database by device, driver or toolkit. If there are "
                 "more than two of them, name two: driver=550.54,580.15"},
                {"threshold", "PERCENT",
                 "exit with 1 if a problem is slower in B by more than this, such as 5%, with all "
                 "of its interval"},
                {"all", "", "also name the problems that only one database has"},
                {"json", "", "print JSON instead"}},
      .positional =
          "A.db and B.db are databases of other drivers, GPUs, toolkits or commits. Ratios are "
          "times in B over times in A, the largest change first.",
      .examples = {"tune compare before.db after.db", "tune compare h100.db h200.db --op gemm",
                   "tune compare tilewright.db --by driver",
                   "tune compare main.db branch.db --threshold 5% --json"},
      .most_words = 2,
  };
  for (const Flag& flag : filter_flags()) command.flags.push_back(flag);
  return command;
}

int compare_command(const Arguments& arguments) {
  ComparisonRequest request = request_of(arguments);
  const Filter filter = filter_of(arguments);
  const Sides sides = sides_of(arguments, filter);
  request.a = sides.a_name;
  request.b = sides.b_name;
  const Comparison comparison = compare(sides.a, sides.b, filter);
  if (arguments.has("json")) {
    fmt::print("{}\n", json_text(comparison_json(comparison, request)));
  } else {
    show(comparison_text(comparison, request));
  }
  // A misspelt filter must not look like problems that did not change.
  if (comparison.problems.empty()) {
    say("tune: no problem has a winner on both sides; see tune query");
    return exit_nothing;
  }
  const bool is_slower = request.threshold && comparison.slower_by(*request.threshold) > 0;
  return is_slower ? exit_nothing : exit_found;
}

}  // namespace tw
