#include "compare/pairs.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tw {
namespace {

using ProblemKey = std::tuple<std::string, std::string, L2>;
ProblemKey problem_key(const Situation& situation) {
  return {situation.op, situation.problem, situation.l2};
}

// The winners of one problem in both lists that have no partner yet.
struct Unpaired {
  std::vector<std::size_t> first, second;
};

constexpr int most_alike = 7;
// Returns how alike two situations are, from 0 to `most_alike`. A difference of the device weighs
// more than one of the source, and this more than one of the device's limits.
int likeness(const Situation& one, const Situation& other) {
  return (one.device_model == other.device_model ? 4 : 0) + (one.source == other.source ? 2 : 0) +
         (one.device_limits == other.device_limits ? 1 : 0);
}

class Pairer {
 public:
  Pairer(std::span<const Situation* const> first, std::span<const Situation* const> second)
      : first_(first), second_(second) {}

  void pair(Unpaired unpaired, Pairing& pairing) const {
    for (int level = most_alike; level >= 0; --level) {
      const std::vector<WinnerPair> found = pairs_of(unpaired, level);
      for (const WinnerPair& one : found) {
        std::erase(unpaired.first, one.first);
        std::erase(unpaired.second, one.second);
      }
      pairing.pairs.insert(pairing.pairs.end(), found.begin(), found.end());
    }
    append(pairing.only_first, unpaired.first);
    append(pairing.only_second, unpaired.second);
  }

 private:
  std::vector<WinnerPair> pairs_of(const Unpaired& unpaired, int level) const {
    std::vector<WinnerPair> pairs;
    for (const std::size_t i : unpaired.first) {
      for (const std::size_t j : unpaired.second) {
        if (likeness(*first_[i], *second_[j]) == level) pairs.push_back({i, j});
      }
    }
    return pairs;
  }
  static void append(std::vector<std::size_t>& list, const std::vector<std::size_t>& more) {
    list.insert(list.end(), more.begin(), more.end());
  }

  std::span<const Situation*const> first_, second_;
};

}  // namespace

Pairing pair_winners(std::span<const Situation* const> first,
                     std::span<const Situation* const> second) {
  std::map<ProblemKey, Unpaired> problems;
  for (std::size_t i = 0; i < first.size(); ++i) {
    problems[problem_key(*first[i])].first.push_back(i);
  }
  for (std::size_t j = 0; j < second.size(); ++j) {
    problems[problem_key(*second[j])].second.push_back(j);
  }
  Pairing pairing;
  const Pairer pairer(first, second);
  for (auto& [key, unpaired] : problems) pairer.pair(std::move(unpaired), pairing);
  std::sort(pairing.pairs.begin(), pairing.pairs.end(),
            [](const WinnerPair& one, const WinnerPair& other) {
              return std::tie(one.first, one.second) < std::tie(other.first, other.second);
            });
  std::sort(pairing.only_first.begin(), pairing.only_first.end());
  std::sort(pairing.only_second.begin(), pairing.only_second.end());
  return pairing;
}

std::optional<Interval> interval_of(const Measurement& measurement) {
  if (measurement.samples_ns.size() < least_for_interval) return std::nullopt;
  return median_interval(measurement.samples_ns);
}

TimeRatio ratio_of(const Measurement& time, const Measurement& base) {
  TimeRatio found{.ratio = time.median_ns() / base.median_ns()};
  const auto above = interval_of(time), below = interval_of(base);
  if (above && below && below->low > 0) {
    found.interval = Interval{above->low / below->high, above->high / below->low};
  }
  return found;
}

}  // namespace tw
