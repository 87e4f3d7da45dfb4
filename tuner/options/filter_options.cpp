// The flags that select rows, and the filter that is made from them; see filter_options.h.
#include "options/filter_options.h"

#include <fmt/format.h>

#include <utility>

#include "core/text/nearest.h"
#include "db/upkeep/context_values.h"

namespace tw {

std::span<const std::string> source_names() {
  static const std::vector<std::string> names{"measured", "cpu", "replayed", "imported"};
  return names;
}

std::span<const std::string> l2_states() {
  static const std::vector<std::string> names{std::string(name_of(L2::cold)),
                                              std::string(name_of(L2::warm))};
  return names;
}

std::span<const std::string> outcome_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (int i = 0; i <= static_cast<int>(Outcome::pruned); ++i) {
      all.emplace_back(name_of(static_cast<Outcome>(i)));
    }
    return all;
  }();
  return names;
}

std::vector<Flag> filter_flags() {
  return {
      {"op", "OP", "only this op"},
      {"problem", "TEXT", "only problems whose name contains this"},
      {"kernel", "NAME", "only this kernel"},
      {"device", "MODEL", "only devices whose model contains this"},
      {"source", "SOURCE", "measured, cpu, replayed or imported (default: any)"},
      {"l2", "cold|warm", "only winners and trials of cold or warm L2 (default: any)"},
  };
}

Filter filter_of(const Arguments& arguments) {
  Filter filter;
  filter.op = arguments.text("op");
  filter.problem = arguments.text("problem");
  filter.kernel = arguments.text("kernel");
  filter.device = arguments.text("device");
  if (arguments.has("source")) filter.source = arguments.one_of("source", "", source_names());
  if (arguments.has("l2")) filter.l2 = arguments.one_of("l2", "", l2_states());
  return filter;
}

std::string hint_of_filter(const std::string& database, const Filter& filter) {
  const ContextValues rows = context_values(database, "");
  const auto hint = [](const char* what, const std::string& word,
                       const std::set<std::string>& known) {
    if (word.empty() || known.contains(word)) return std::string();
    return fmt::format("; there is no {} '{}'{}", what, word,
                       suggestion(word, std::vector<std::string>(known.begin(), known.end())));
  };
  const std::string of_op = hint("op", filter.op, rows.ops);
  return of_op.empty() ? hint("kernel", filter.kernel, rows.kernels) : of_op;
}

Flag objective_flag(std::string doc) {
  return {"objective", "time|energy|time*energy", std::move(doc)};
}

Objective objective_of(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const Objective objective : objectives) names.emplace_back(name_of(objective));
  return parse_objective(arguments.one_of("objective", "time", names)).value();
}

std::string objective_words(Objective objective) {
  const std::string name(name_of(objective));
  return "--objective " + (objective == Objective::time_energy ? "'" + name + "'" : name);
}

std::vector<Winner> winners_of(const Store& store, Filter filter) {
  const std::int64_t limit = filter.limit;
  filter.limit = 0;
  std::vector<Winner> all;
  for (const std::string& source : source_names()) {
    for (const std::string& l2 : l2_states()) {
      if (!filter.source.empty() && filter.source != source) continue;
      if (!filter.l2.empty() && filter.l2 != l2) continue;
      Filter one = filter;
      one.source = source;
      one.l2 = l2;
      for (Winner& winner : store.winners(one)) all.push_back(std::move(winner));
    }
  }
  if (limit > 0 && all.size() > static_cast<std::size_t>(limit)) {
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
  }
  return all;
}

}  // namespace tw
