// Times with noise, and what races make of them: shared by the unit tests, by race_simulation and
// by race_trial, which prints the same table from times of a GPU.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "search/race.h"
#include "search/strategies/random.h"

namespace tw {

// Standard deviations and shifts, relative to the time. The defaults are larger than what an H100
// shows, where the intervals of most pairs are within 0.3 %.
struct Noise {
  double sample = 0.005;     // of each sample
  double round = 0.0015;     // of each entrant in each round
  double common = 0.003;     // of each round, the same for all entrants
  double drift = 0.01;       // from the first measurement to the last
  double disturbed = 0;      // the share of rounds in which one entrant, by chance, takes longer
  double disturbance = 1.5;  // how many times as long
  int samples = 10;
};

// The answers of a fake device to a race's jobs, in the race's order.
class NoisyTimes {
 public:
  // `times_ns` by Job::kernel.
  NoisyTimes(std::map<std::string, double> times_ns, const Noise& noise, std::uint64_t seed)
      : times_ns_(std::move(times_ns)), noise_(noise), random_(seed) {}

  Measurement operator()(const Job& job) {
    const std::size_t turn = count_ % times_ns_.size();
    if (turn == 0) begin_round();
    const double measurements = static_cast<double>(times_ns_.size()) * race_rounds;
    const double drift = noise_.drift * static_cast<double>(count_++) / measurements;
    const double slower = turn == disturbed_turn_ ? noise_.disturbance : 1;
    const double mean_ns =
        times_ns_.at(job.kernel) * slower * (1 + common_ + drift + noise_.round * normal());
    Measurement measurement;
    measurement.smem_bytes = job.kernel == "slow" ? 0 : 1024;
    for (int i = 0; i < noise_.samples; ++i) {
      measurement.samples_ns.push_back(mean_ns * (1 + noise_.sample * normal()));
    }
    return measurement;
  }

 private:
  void begin_round() {
    common_ = noise_.common * normal();
    disturbed_turn_.reset();
    if (random_.uniform() < noise_.disturbed) disturbed_turn_ = random_.below(times_ns_.size());
  }
  // Box and Muller, Annals of Mathematical Statistics 29, 1958.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - random_.uniform()));
    return radius * std::cos(2 * std::numbers::pi * random_.uniform());
  }

  std::map<std::string, double> times_ns_;
  Noise noise_;
  Random random_;
  double common_ = 0;
  std::optional<std::size_t> disturbed_turn_;
  std::size_t count_ = 0;
};

// What races said of pairs, one of which, "slow", takes longer by what was planted.
struct RaceTally {
  int pairs = 0, slower = 0, wrong = 0, crowned = 0;

  // `ranking`: of a finished race of two entrants.
  void add(std::vector<Race::Entrant> ranking) {
    ++pairs;
    const std::size_t tied = Race::tied(ranking);
    const bool slow_is_last = ranking.back().job.kernel == "slow";
    if (tied == 1) ++(slow_is_last ? slower : wrong);
    Race::break_ties(ranking, tied);
    if (ranking.front().job.kernel == "slow") ++crowned;
  }
  void add(const RaceTally& other) {
    pairs += other.pairs;
    slower += other.slower;
    wrong += other.wrong;
    crowned += other.crowned;
  }
  // Percent of the pairs: "slow" is called slower, is called faster, is the winner.
  std::string row(const std::string& planted) const {
    const auto percent = [&](int count) { return 100.0 * count / pairs; };
    return fmt::format("{:<24} {:>6} {:>8.1f} {:>8.1f} {:>8.1f}", planted, pairs, percent(slower),
                       percent(wrong), percent(crowned));
  }
  static std::string heading() {
    return fmt::format("{:<24} {:>6} {:>8} {:>8} {:>8}", "planted", "pairs", "slower", "faster",
                       "wins");
  }
};

}  // namespace tw
