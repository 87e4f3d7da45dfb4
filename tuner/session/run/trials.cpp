#include "session/run/trials.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tw {

std::vector<Evaluation> Trials::recall(std::size_t competitor, std::vector<Trial> stored) {
  const SearchSpace& space = competitors_[competitor].space;
  std::vector<Evaluation> evaluations;
  for (Trial& trial : stored) {
    const auto index = space.find_text(trial.configuration);
    if (!index) continue;
    if (trial.measurement.outcome == Outcome::pruned) {
      pruned_before_.insert({competitor, *index});
      continue;
    }
    const double value = value_of(objective_, trial.measurement);
    if (trial.measurement.outcome == Outcome::ok && !std::isfinite(value)) continue;
    evaluations.push_back({*index, value});
    count({competitor, *index}, std::move(trial.measurement));
  }
  return evaluations;
}

void Trials::count(TrialKey key, Measurement measurement) {
  ++outcomes_[measurement.outcome];
  if (!measurement.note.empty()) notes_.emplace(measurement.outcome, measurement.note);
  offer_best(key, measurement);
  measurements_[key] = std::move(measurement);
}

void Trials::offer_best(TrialKey key, const Measurement& measurement) {
  const double value = value_of(objective_, measurement);
  if (!std::isfinite(value) || (best_ && value >= best_value_)) return;
  best_ = key;
  best_value_ = value;
}

void Trials::refute(TrialKey key, const Measurement& failure) {
  const auto known = measurements_.find(key);
  if (known == measurements_.end()) return;
  const auto count_of_it = outcomes_.find(known->second.outcome);
  if (--count_of_it->second == 0) outcomes_.erase(count_of_it);
  count(key, failure);
  if (best_ != key) return;
  best_.reset();
  best_value_ = 0;
  for (const auto& [other, measurement] : measurements_) offer_best(other, measurement);
}

std::int64_t Trials::space_size() const {
  std::int64_t size = 0;
  for (const Competitor& one : competitors_) size += static_cast<std::int64_t>(one.space.size());
  return size;
}

bool Trials::is_known_to_fail(TrialKey key) const {
  const auto known = measurements_.find(key);
  if (known == measurements_.end()) return false;
  return known->second.outcome != Outcome::ok && known->second.outcome != Outcome::pruned;
}

double Trials::best_value_of(std::size_t competitor) const {
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [key, measurement] : measurements_) {
    if (key.competitor == competitor) best = std::min(best, value_of(objective_, measurement));
  }
  return best;
}

std::vector<TrialKey> Trials::best_first() const {
  std::vector<std::pair<double, TrialKey>> valued;
  for (const auto& [key, measurement] : measurements_) {
    const double value = value_of(objective_, measurement);
    if (std::isfinite(value)) valued.emplace_back(value, key);
  }
  std::sort(valued.begin(), valued.end());
  std::vector<TrialKey> keys;
  for (const auto& [value, key] : valued) keys.push_back(key);
  return keys;
}

std::string Trials::configuration_of(TrialKey key) const {
  const SearchSpace& space = competitor_of(key).space;
  return text_of(space.knobs(), space[key.index]);
}

bool Trials::is_default(TrialKey key) const {
  return key.index == competitor_of(key).space.default_index();
}

}  // namespace tw
