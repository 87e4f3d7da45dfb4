// Prints the tables by which the test of the final race and its number of rounds were chosen
// (docs/measuring.md, "The final race"). They show what races say of pairs with a planted
// difference, without and with disturbed rounds, and how often three paired tests tell the two
// apart, by the number of rounds.
//
//   race_simulation [PAIRS]     default 10000
#include "unit/search/race_simulation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace tw {
namespace {

// Two-sided 95 % quantiles of Student's t for 6 to 11 degrees of freedom: NIST/SEMATECH e-Handbook
// of Statistical Methods, 1.3.6.7.2.
constexpr double student_95[] = {2.447, 2.365, 2.306, 2.262, 2.228, 2.201};

using Differences = std::vector<double>;  // logarithms of paired ratios

bool student_test(const Differences& differences) {
  const double count = static_cast<double>(differences.size());
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / count;
  double squares = 0;
  for (const double x : differences) squares += (x - mean) * (x - mean);
  const double error = std::sqrt(squares / (count - 1) / count);
  return std::abs(mean) > student_95[differences.size() - 7] * error;
}

bool sign_test(const Differences& differences) {
  const Interval interval = median_interval(differences);
  return interval.low > 0 || interval.high < 0;
}

// Wilcoxon's signed-rank test: Conover, section 5.7.
bool rank_test(Differences differences) {
  std::sort(differences.begin(), differences.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  std::size_t sum = 0;          // of the ranks of positive differences
  std::vector<double> ways{1};  // by sum: how many sets of ranks have this sum
  for (std::size_t rank = 1; rank <= differences.size(); ++rank) {
    if (differences[rank - 1] > 0) sum += rank;
    ways.resize(ways.size() + rank);
    for (std::size_t s = ways.size() - 1; s >= rank; --s) ways[s] += ways[s - rank];
  }
  const std::size_t less = std::min(sum, ways.size() - 1 - sum);
  double extreme = 0;
  for (std::size_t s = 0; s <= less; ++s) extreme += ways[s];
  return 2 * extreme * std::pow(0.5, static_cast<double>(differences.size())) <= 0.05;
}

Differences differences_of(const std::vector<Race::Entrant>& ranking) {
  Differences differences;
  for (std::size_t i = 0; i < ranking[0].medians_ns.size(); ++i) {
    differences.push_back(std::log(ranking[1].medians_ns[i] / ranking[0].medians_ns[i]));
  }
  return differences;
}

void compare_tests(const Noise& noise, int rounds, int pairs) {
  constexpr std::pair<const char*, bool (*)(const Differences&)> tests[] = {
      {"Student", student_test}, {"sign", sign_test}, {"signed ranks", [](const Differences& of) {
                                                         return rank_test(of);
                                                       }}};
  for (const auto& [name, test] : tests) {
    fmt::print("{:<14} {:>6}", name, rounds);
    for (const double planted : {0.0, 0.005, 0.01, 0.02, 0.03}) {
      int apart = 0;
      for_each_race(
          planted, noise, pairs, rounds,
          [&](const std::vector<Race::Entrant>& ranking) {
            apart += test(differences_of(ranking));
          },
          Purpose::baseline);
      fmt::print(" {:>7.1f}", 100.0 * apart / pairs);
    }
    fmt::print("\n");
  }
}

void print_tables(int pairs) {
  for (const double share : {0.0, 0.1}) {
    const Noise noise{.disturbed = share};
    fmt::print("{:.0f} % of the rounds disturbed\n{}\n", 100 * share, RaceTally::heading());
    for (const double planted : {0.0, 0.005, 0.01, 0.02, 0.03}) {
      const RaceTally tally = simulated_races(planted, noise, pairs);
      fmt::print("{}\n", tally.row(fmt::format("+{:.1f} %", 100 * planted)));
    }
    fmt::print("\n{:<14} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7}\n", "told apart by", "rounds", "A/A",
               "+0.5 %", "+1 %", "+2 %", "+3 %");
    for (const int rounds : {7, 8, 9, 10, 11, 12}) compare_tests(noise, rounds, pairs);
    fmt::print("\n");
  }
}

}  // namespace
}  // namespace tw

int main(int argc, char** argv) { tw::print_tables(argc > 1 ? std::atoi(argv[1]) : 10000); }
