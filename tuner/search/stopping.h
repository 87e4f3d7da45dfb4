// Decides when a search may stop, and what can be said about its result. docs/search.md explains
// the statistics.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tw {

// The statement how sure a search is: "95 % confident within 3 % of this space's optimum."
struct Certificate {
  double confidence = 0;  // in [0, 1]
  double ratio = 1.03;    // the best found is within this of the optimum
};
// Returns "95 % confident within 3 % of the optimum", with per cent rounded down. Returns "" if the
// optimum is probably better than that: if the confidence is below 50 %.
std::string text_of(const Certificate& certificate);

// The rule that stops a search. It watches the best time found. It assumes that the number of the
// evaluation at which a search first comes within 3 % of the optimum has a distribution with a
// Pareto tail of this `index`. So if a search had no gain from the i-th to the n-th evaluation, it
// will have one later with probability (i / n)^index. The evaluated part of the space cannot
// contain this gain, so the probability is multiplied by (1 - n / size).
class StoppingRule {
 public:
  static constexpr double confidence_wanted = 0.95, ratio = 1.03;
  // Chosen on the careful side of what recorded searches show: see docs/search.md.
  static constexpr double index = 1.67;

  explicit StoppingRule(std::size_t space_size) : space_size_(static_cast<double>(space_size)) {}

  // The square root of the space's size. A gain before this evaluation counts as if it came at it.
  // The first evaluations say little, and in a larger space they say less.
  double least_evaluations() const;

  // Excludes a configuration that is proven not to be the optimum. The space is smaller by one.
  void exclude() { --space_size_; }
  // Tells one evaluation. `time_ns` is infinity if it failed.
  void tell(double time_ns);
  Certificate certificate() const;  // of the evaluations told so far
  bool may_stop() const { return certificate().confidence >= confidence_wanted; }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  struct Gain {
    std::int64_t evaluation = 0;
    double best_ns = 0;
  };
  double space_size_;
  std::int64_t evaluations_ = 0;
  std::vector<Gain> gains_;  // each is better than the one before
};

}  // namespace tw
