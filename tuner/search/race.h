// The race of the finalists: measures the best few configurations again, interleaved, so that a
// drift of clocks and temperature affects all of them alike.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/statistics.h"
#include "core/plan/objective.h"
#include "devices/job_runner.h"

namespace tw {

// The rounds of a race, and of everything that is compared with a race. Nine is the smallest number
// of rounds at which the sign test can tell two entrants apart at 95 % although one round
// disagrees. docs/measuring.md has the simulation behind this choice.
inline constexpr int race_rounds = 9;
// After the sixth round, with which the sign test reaches 95 %, the entrants leave that were slower
// by more than 2 % in each round.
inline constexpr int rounds_before_leaving = 6;
inline constexpr double leaving_ratio = 1.02;
inline constexpr SampleLimits race_limits{.min_samples = 5, .max_samples = 20, .max_ms = 50};

// A race of jobs on one device.
class Race {
 public:
  struct Entrant {
    Job job;  // as in the search, or a baseline; the race sets its purpose
    // The measurement of the last round. In a ranking it has samples of every completed round. Each
    // round gives as many samples as the shortest round has, so that no round counts more than
    // another. Their number is the metric "rounds".
    Measurement pooled;
    std::vector<std::vector<double>> rounds_ns;  // samples, one vector for each round
    std::vector<double> medians_ns;              // one for each round
    // One element for each round in which energy was measured. In a ranking their medians are in
    // `pooled`, and the energy's interval is in its metrics (energy_low_mj and energy_high_mj).
    std::vector<double> energies_mj{}, powers_w{};
    // The values of the objective, one for each round; empty if the objective is the time.
    std::vector<double> values{};
    bool has_left = false;  // because it is certainly slower; it has the rounds before
  };

  // Runs `rounds` rounds, each over all entrants in a seeded random order. All jobs of the first
  // round are given to the device at once, so that what is not compiled yet is compiled at the same
  // time. The device measures one job at a time. The runner must outlive the race. `floor_ns`: see
  // Measurement::reject_below. With another objective than the time, the jobs must measure energy.
  Race(JobRunner& jobs, std::vector<Job> entrants, int rounds, std::uint64_t seed,
       double floor_ns = 0, Objective objective = Objective::time);

  // Runs until the deadline; returns true when all rounds are done. An entrant that fails in a
  // round leaves the race with that outcome. Baselines stay to the end, so that speedups rest on
  // all rounds.
  bool step(std::chrono::steady_clock::time_point deadline);
  int rounds_done() const;

  // Returns the entrants, fastest first, by the median of the pooled samples of completed rounds.
  // With another objective, returns the least median of the rounds' values first. Entrants that
  // failed come last.
  std::vector<Entrant> ranking() const;
  // Returns how much slower `other` is than `first`: the distribution-free 95 % interval of the
  // median of the ratios of their paired round medians, or of their paired values of another
  // objective. The interval excludes 1 exactly where the sign test tells the two apart. Returns
  // nothing if they share fewer than six rounds, because no sign test reaches 95 % then.
  static std::optional<Interval> slower(const Entrant& first, const Entrant& other);
  // Returns how many of the first entrants are statistically tied with the first one: the sign test
  // does not say that they are slower. Ties behind the first entrant that is slower do not count.
  // Returns at least 1 unless there is no entrant.
  static std::size_t tied(const std::vector<Entrant>& ranking);
  // Adds the interval of slower(), against the first entrant of the ranking, to the metrics of the
  // others as slower_low and slower_high.
  static void note_slower(std::vector<Entrant>& ranking);
  // Sorts the first `tied` entrants, so that repeated runs agree on the first one: by shared memory
  // per block, then by registers per thread, then by name and configuration. An entrant whose
  // median lies above the 95 % interval of the fastest one's median cannot come first. Such
  // entrants follow the others, by time.
  static void break_ties(std::vector<Entrant>& ranking, std::size_t tied);

 private:
  void submit(std::size_t turn);
  void submit_next();
  void drop_the_slow();

  JobQueue<std::size_t> jobs_;  // by the turn
  double floor_ns_;
  Objective objective_;
  std::vector<Entrant> entrants_;
  std::vector<std::size_t> order_;  // entrants in the order of their turns, all rounds
  std::size_t turn_ = 0;
  bool has_dropped_ = false;  // drop_the_slow() was called
};

// Returns the median of each round of a race, from the pooled samples of an entrant; empty if they
// are of no race, or of a race whose rounds were not noted.
std::vector<double> round_medians(const Measurement& pooled);
// Returns the 95 % interval of the energy of a race's rounds; nothing if there was one round, or
// none with energy.
std::optional<Interval> energy_interval(const Measurement& measurement);
// Returns the interval that Race::note_slower noted; nothing if it noted none.
std::optional<Interval> slower_than_fastest(const Measurement& measurement);

}  // namespace tw
