// The list of strategies: the one place that knows them all.
#include "strategy.h"

#include <array>

#include "error.h"
#include "strategies.h"

namespace tw {
namespace {

constexpr std::array<StrategyInfo, 3> infos{{
    {"local", "hill climbing over one-knob changes, from the default and random starts"},
    {"random", "uniform over the valid configurations, without replacement"},
    {"exhaustive", "every valid configuration, in order"},
}};

}  // namespace

std::span<const StrategyInfo> strategies() { return infos; }

std::unique_ptr<Strategy> make_strategy(std::string_view name, const SearchSpace& space,
                                        std::uint64_t seed) {
  if (name == "local") return make_local(space, seed);
  if (name == "random") return make_random(space, seed);
  if (name == "exhaustive") return make_exhaustive(space);
  std::string names;
  for (const StrategyInfo& info : infos) {
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  throw Error("unknown strategy '" + std::string(name) + "': one of " + names);
}

}  // namespace tw
