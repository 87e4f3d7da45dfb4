// When a search may stop, and what may be said of what it found: docs/search.md explains the
// statistics.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tw {

// "95 % confident within 3 % of this space's optimum."
struct Certificate {
  double confidence = 0;  // in [0, 1]
  double ratio = 1.03;    // the best found is within this of the optimum
};
// "95 % confident within 3 % of the optimum"; per cent are rounded down. Nothing where it is more
// likely than not that the optimum is better by more.
std::string text_of(const Certificate& certificate);

// Watches the best found. Of the evaluation at which a search first comes within 3 % of the optimum
// it is assumed that, with this index, its distribution has a Pareto tail: what went without a gain
// from the i-th to the n-th evaluation will see one later with probability (i / n)^index. The part
// of the space that was evaluated cannot hold it, which leaves (1 - n / size) of that.
class StoppingRule {
 public:
  static constexpr double confidence_wanted = 0.95, ratio = 1.03;
  // Chosen on the careful side of what recorded searches show: docs/search.md.
  static constexpr double index = 1.67;

  explicit StoppingRule(std::size_t space_size) : space_size_(static_cast<double>(space_size)) {}

  // No gain counts as earlier than this, the square root of the space's size: the first evaluations
  // say little, and the less the more there is to see.
  double least_evaluations() const;

  // A configuration that is proven to be no optimum: the space is smaller than was thought.
  void exclude() { --space_size_; }
  // One evaluation; infinity if it failed.
  void tell(double time_ns);
  Certificate certificate() const;  // of what was told so far
  bool may_stop() const { return certificate().confidence >= confidence_wanted; }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  struct Gain {
    std::int64_t evaluation = 0;
    double best_ns = 0;
  };
  double space_size_;
  std::int64_t evaluations_ = 0;
  std::vector<Gain> gains_;  // each better than the one before
};

}  // namespace tw
