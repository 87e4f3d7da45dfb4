// The list of all strategies. No other file knows them all.
#include "search/strategies/strategy.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/text/nearest.h"
#include "search/strategies/auto.h"
#include "search/strategies/strategies.h"

namespace tw {
namespace {

struct Entry {
  StrategyInfo info;
  std::unique_ptr<Strategy> (*make)(const SearchSpace& space, std::uint64_t seed);
};

constexpr std::array entries{
    Entry{{"auto", "guided by a model of all evaluations so far (the default)"},
          [](const SearchSpace& space, std::uint64_t seed) { return make_auto(space, seed); }},
    Entry{{"local", "hill climbing over one-knob changes, from the default and random starts"},
          make_local},
    Entry{{"annealing", "simulated annealing over one-knob changes"}, make_annealing},
    Entry{{"genetic", "a genetic algorithm"}, make_genetic},
    Entry{{"differential", "differential evolution"}, make_differential_evolution},
    Entry{{"latin", "Latin hypercubes, one after the other"}, make_latin_hypercube},
    Entry{{"random", "uniform over the valid configurations, without replacement"}, make_random},
    Entry{{"exhaustive", "every valid configuration, in order"},
          [](const SearchSpace& space, std::uint64_t) { return make_exhaustive(space); }},
};

constexpr auto infos = [] {
  std::array<StrategyInfo, entries.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = entries[i].info;
  return list;
}();

}  // namespace

std::span<const StrategyInfo> strategies() { return infos; }

std::unique_ptr<Strategy> make_strategy(std::string_view name, const SearchSpace& space,
                                        std::uint64_t seed) {
  for (const Entry& entry : entries) {
    if (entry.info.name == name) return entry.make(space, seed);
  }
  std::vector<std::string> names;
  for (const StrategyInfo& info : infos) names.emplace_back(info.name);
  throw Error("unknown strategy '" + std::string(name) + "': " + one_of(name, names));
}

}  // namespace tw
