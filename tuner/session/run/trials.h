// What is known of each configuration of a session's competitors.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/plan/measurement.h"
#include "core/plan/objective.h"
#include "db/store.h"
#include "search/strategies/strategy.h"
#include "session/run/session_request.h"

namespace tw {

// Names one configuration of one competitor.
struct TrialKey {
  std::size_t competitor = 0;  // index into SessionRequest::competitors
  std::size_t index = 0;       // index into the competitor's space
  auto operator<=>(const TrialKey&) const = default;
};

// The measurements that the database held when the session began, and those of the session itself.
class Trials {
 public:
  // The competitors must outlive the trials.
  explicit Trials(std::span<const Competitor> competitors, Objective objective = Objective::time)
      : competitors_(competitors), objective_(objective) {}

  // Counts what the database holds of a competitor, and returns the same as evaluations; a failure
  // has an infinite value. Leaves out configurations that are not in the space, and those that
  // worked but lack the value of the objective. Leaves out pruned ones too, and only remembers that
  // they were pruned. They are proven slow again, because a
  // better time may have been known in the earlier run than now.
  std::vector<Evaluation> recall(std::size_t competitor, std::vector<Trial> stored);
  // Counts the first measurement of a configuration.
  void count(TrialKey key, Measurement measurement);
  // Replaces the measurement of a configuration that worked in the search and fails in the race.
  // Does nothing if the configuration has no measurement.
  void refute(TrialKey key, const Measurement& failure);

  // Returns the number of configurations of all competitors.
  std::int64_t space_size() const;
  const std::map<TrialKey, Measurement>& measurements() const { return measurements_; }
  std::int64_t size() const { return static_cast<std::int64_t>(measurements_.size()); }
  const std::map<Outcome, std::int64_t>& outcomes() const { return outcomes_; }
  // The first note of each outcome.
  const std::map<Outcome, std::string>& notes() const { return notes_; }
  bool is_known_to_fail(TrialKey key) const;
  // Returns whether an earlier run stored that the configuration was pruned.
  bool was_pruned_before(TrialKey key) const { return pruned_before_.contains(key); }

  Objective objective() const { return objective_; }
  // The configuration with the least value of the objective; nothing if none has a value.
  std::optional<TrialKey> best() const { return best_; }
  double best_value() const { return best_value_; }  // 0: none has a value
  // Returns the least value of one competitor; infinity if it has none.
  double best_value_of(std::size_t competitor) const;
  // Returns the configurations that have a value, best first.
  std::vector<TrialKey> best_first() const;

  const Competitor& competitor_of(TrialKey key) const { return competitors_[key.competitor]; }
  std::string configuration_of(TrialKey key) const;
  bool is_default(TrialKey key) const;

 private:
  void offer_best(TrialKey key, const Measurement& measurement);

  std::span<const Competitor> competitors_;
  Objective objective_;
  std::map<TrialKey, Measurement> measurements_;
  std::map<Outcome, std::int64_t> outcomes_;
  std::map<Outcome, std::string> notes_;
  std::set<TrialKey> pruned_before_;
  std::optional<TrialKey> best_;
  double best_value_ = 0;
};

}  // namespace tw
