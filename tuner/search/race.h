// The final: the best few configurations measured again, interleaved, so that drift of clocks and
// temperature hits all alike.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/statistics.h"
#include "devices/device.h"

namespace tw {

// The rounds of a final, and of what is compared with a final. Nine is the least number of rounds
// at which the sign test tells two entrants apart at 95 % although one round disagrees
// (docs/measuring.md has the simulation that this was chosen by).
inline constexpr int race_rounds = 9;
inline constexpr SampleLimits race_limits{.min_samples = 5, .max_samples = 20, .max_ms = 50};

class Race {
 public:
  struct Entrant {
    Job job;  // as it was searched, or a baseline; the race sets id and purpose
    // The last round's measurement. In a ranking it has samples of every completed round: as many
    // of each as the shortest round has, so that no round counts more than another.
    Measurement pooled;
    std::vector<std::vector<double>> rounds_ns;  // samples, one vector a round
    std::vector<double> medians_ns;              // one a round
  };

  // `rounds` rounds, each over all entrants in a seeded random order. The device must outlive the
  // race. `floor_ns`: Measurement::reject_below.
  Race(Device& device, std::vector<Job> entrants, int rounds, std::uint64_t seed,
       double floor_ns = 0);

  // Goes on until the deadline; true when all rounds are done. An entrant that fails in a round is
  // out, with that outcome.
  bool step(std::chrono::steady_clock::time_point deadline);
  int rounds_done() const;

  // Fastest first by the median of the pooled samples of completed rounds; entrants that failed
  // come last.
  std::vector<Entrant> ranking() const;
  // How much slower `other` is than `first`: the distribution-free 95 % interval of the median of
  // the ratios of their paired round medians. It excludes 1 exactly where the sign test tells the
  // two apart. Nothing if they share fewer than six rounds: no sign test reaches 95 % then.
  static std::optional<Interval> slower(const Entrant& first, const Entrant& other);
  // How many of the ranking's first are statistically tied with its first: the sign test does not
  // say that they are slower. At least 1 unless there is no entrant. Ties beyond a gap do not
  // count.
  static std::size_t tied(const std::vector<Entrant>& ranking);
  // Adds that interval, against the ranking's first, to the metrics of the others: slower_low and
  // slower_high.
  static void note_slower(std::vector<Entrant>& ranking);
  // Sorts the first `tied`, so that reruns agree on the first: by shared memory of a block, then by
  // registers of a thread, then by name and configuration. An entrant whose median lies above the
  // 95 % interval of the fastest one's median cannot come first: such entrants follow the others,
  // by time.
  static void break_ties(std::vector<Entrant>& ranking, std::size_t tied);

 private:
  void submit_next();
  Device& device_;
  double floor_ns_;
  std::vector<Entrant> entrants_;
  std::vector<std::size_t> order_;  // entrants by turn, all rounds
  std::size_t turn_ = 0;
  bool in_flight_ = false;
};

// What Race::note_slower noted, if it did.
std::optional<Interval> slower_than_fastest(const Measurement& measurement);

}  // namespace tw
