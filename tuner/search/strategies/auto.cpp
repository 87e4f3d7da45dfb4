// Longer than 400 lines: one class, whose steps share the state of one search.
//
// The default strategy: Bayesian optimisation (J. Mockus, 1974; D. R. Jones et al., 1998) on the
// logarithm of time. It first evaluates a few configurations that fill the space. Each next
// configuration is where a Gaussian process expects the largest improvement on the best so far.
// docs/search.md explains the choices.
#include "search/strategies/auto.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "search/strategies/latin_hypercube.h"
#include "search/surrogate/candidates.h"

namespace tw {
namespace {
constexpr std::size_t whole_space = 8192;   // candidates are the whole space up to this size
constexpr std::size_t drawn = 2048;         // random candidates in a larger space
constexpr std::size_t elites = 8;           // best ones whose neighbours are candidates, too
constexpr std::size_t most_points = 384;    // of the process; with more, it is built again
constexpr std::size_t kept_points = 256;    // from so many observations
constexpr std::size_t fitted_points = 128;  // for choosing weights
constexpr std::size_t patience = 32;        // evaluations without a gain, before sweeps begin
constexpr std::size_t swept = 10;           // best ones whose neighbours a sweep examines
constexpr std::size_t own_evidence = 48;    // evaluations, after which others' count no more
constexpr double exactness = 0.1;           // in log(time): forecasts so near the best are equal
constexpr double doubt = 0.5;         // deviation of the trust in a forecast before evaluations
constexpr double refit_growth = 1.2;  // of the points, between choices of weights

struct Observation {
  std::size_t index = 0;
  double log_time = 0;  // infinity: failed; NaN: not told yet
  double expected = 0;  // from what is known elsewhere
};

// Returns the best `count` observations that worked, best first.
std::vector<std::size_t> best_of(std::span<const Observation> observations, std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    if (std::isfinite(observations[i].log_time)) order.push_back(i);
  }
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return observations[a].log_time < observations[b].log_time;
                    });
  order.resize(count);
  return order;
}

// Returns at most `most` observations, in order: the best make up half of them, and the others are
// spread evenly over the time of the search.
std::vector<std::size_t> representative(std::span<const Observation> observations,
                                        std::size_t most) {
  std::vector<std::size_t> chosen(observations.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (chosen.size() <= most) return chosen;
  std::vector<bool> is_chosen(observations.size());
  std::size_t left = most;
  for (const std::size_t best : best_of(observations, most / 2)) {
    is_chosen[best] = true;
    --left;
  }
  std::erase_if(chosen, [&](std::size_t i) { return is_chosen[i]; });
  for (std::size_t i = 0; i < left; ++i) is_chosen[chosen[i * chosen.size() / left]] = true;
  chosen.clear();
  for (std::size_t i = 0; i < is_chosen.size(); ++i) {
    if (is_chosen[i]) chosen.push_back(i);
  }
  return chosen;
}

// Returns what a process learns from some observations: logarithms of times, limited to the
// quantile `slow` of all times. Slow configurations matter little, and a model that need not
// explain how slow they are explains the fast ones better. A failure, or an observation that was
// not told yet, counts as that quantile.
std::vector<double> values_of(std::span<const Observation> observations,
                              std::span<const std::size_t> points, double slow) {
  std::vector<double> told;
  for (const Observation& observation : observations) {
    if (!std::isnan(observation.log_time)) told.push_back(observation.log_time);
  }
  const auto last = static_cast<double>(told.size() - 1);
  const auto middle = told.begin() + static_cast<std::ptrdiff_t>(last * slow);
  std::nth_element(told.begin(), middle, told.end());
  double most = *middle;
  if (!std::isfinite(most)) {
    most = -std::numeric_limits<double>::infinity();
    for (const double log_time : told) {
      if (std::isfinite(log_time)) most = std::max(most, log_time);
    }
  }
  std::vector<double> values;
  for (const std::size_t point : points) {
    const double log_time = observations[point].log_time;
    values.push_back(std::isnan(log_time) ? most : std::min(log_time, most));
  }
  return values;
}

class Auto : public Strategy {
 public:
  Auto(const SearchSpace& space, std::uint64_t seed, const AutoSettings& settings)
      : settings_(settings),
        explorer_(space, seed),
        geometry_(space, settings.roughness),
        hyperparameters_(median(settings.prior, geometry_)),
        process_(Correlation(geometry_, hyperparameters_)),
        candidates_(geometry_, space) {}

  std::vector<std::size_t> ask(std::size_t at_most) override;
  void tell(std::span<const Evaluation> evaluations) override;
  void learn(std::span<const Evaluation> elsewhere) override;
  void expect(const std::function<double(std::size_t)>& forecast_ns) override;

 private:
  std::optional<std::size_t> next();
  std::optional<std::size_t> propose();
  std::vector<double> values() const;
  void weigh_forecast();
  std::vector<Levels> rows_of(std::span<const Observation> observations,
                              std::span<const std::size_t> points) const;
  Hyperparameters weights_for(std::span<const Levels> rows, std::span<const double> values) const;
  double expected(std::size_t index) const;
  void forget();
  void set_candidates(std::vector<std::size_t> indices);
  void refit();
  void catch_up();
  std::optional<std::size_t> sweep();
  std::vector<std::size_t> choose_candidates();
  std::size_t climb(std::size_t index, double improvement, double best) const;

  AutoSettings settings_;
  Explorer explorer_;
  KnobGeometry geometry_;
  Hyperparameters hyperparameters_;
  GaussianProcess process_;
  std::optional<GaussianProcess> elsewhere_;
  std::function<double(std::size_t)> forecast_ns_;
  double least_forecast_ = 0, slow_forecast_ = 0;  // logarithms
  double trust_ = 1;                               // in the forecast: the factor of its logarithms
  Candidates candidates_;
  std::vector<double> expected_;  // of the candidates, from what is known elsewhere
  std::vector<Observation> observations_;
  std::unordered_map<std::size_t, std::size_t> waiting_;  // index -> observation
  std::vector<std::size_t> points_;                       // observations that the process knows
  std::size_t in_process_ = 0;                            // observations considered for it so far
  std::size_t next_fit_ = 0, worked_ = 0;
  std::deque<std::size_t> design_;
  bool designed_ = false;
};

std::vector<std::size_t> Auto::ask(std::size_t at_most) {
  std::vector<std::size_t> indices;
  while (indices.size() < at_most) {
    const std::optional<std::size_t> index = next();
    if (!index) break;
    explorer_.mark(*index);
    waiting_[*index] = observations_.size();
    observations_.push_back({*index, std::numeric_limits<double>::quiet_NaN(), expected(*index)});
    indices.push_back(*index);
  }
  return indices;
}

void Auto::tell(std::span<const Evaluation> evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    explorer_.mark(evaluation.index);
    std::erase(design_, evaluation.index);
    const double log_time = std::log(evaluation.time_ns);
    if (std::isfinite(log_time)) ++worked_;
    const auto waiting = waiting_.find(evaluation.index);
    if (waiting == waiting_.end()) {
      observations_.push_back({evaluation.index, log_time, expected(evaluation.index)});
    } else {
      observations_[waiting->second].log_time = log_time;
      waiting_.erase(waiting);
    }
  }
}

std::optional<std::size_t> Auto::next() {
  if (!designed_) {
    designed_ = true;
    for (const std::size_t index : design_) explorer_.mark(index);
    const std::size_t filling = forecast_ns_ ? settings_.design / 2 : settings_.design;
    if (worked_ < filling) {
      const auto points = latin_hypercube(explorer_, filling - worked_);
      design_.insert(design_.end(), points.begin(), points.end());
    }
  }
  if (!design_.empty()) {
    const std::size_t index = design_.front();
    design_.pop_front();
    return index;
  }
  if (worked_ >= 2) {
    if (const auto index = propose()) return index;
  }
  return explorer_.draw();
}

std::vector<std::size_t> Auto::choose_candidates() {
  const SearchSpace& space = explorer_.space();
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < drawn; ++i) {
    const std::size_t index = explorer_.random().below(space.size());
    if (explorer_.is_new(index)) indices.push_back(index);
  }
  for (const std::size_t best : best_of(observations_, elites)) {
    for (const std::size_t index : space.neighbours(observations_[best].index)) {
      if (explorer_.is_new(index)) indices.push_back(index);
    }
  }
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  return indices;
}

std::vector<Levels> Auto::rows_of(std::span<const Observation> observations,
                                  std::span<const std::size_t> points) const {
  std::vector<Levels> rows;
  for (const std::size_t point : points) {
    rows.push_back(geometry_.row(explorer_.space(), observations[point].index));
  }
  return rows;
}

Hyperparameters Auto::weights_for(std::span<const Levels> rows,
                                  std::span<const double> values) const {
  const int steps = rows.size() <= 32 ? 20 : rows.size() <= 64 ? 10 : 6;
  return most_likely(settings_.prior, geometry_, rows, values, hyperparameters_, steps);
}

// Builds a process from what is known elsewhere. The process of this search then models the
// differences from it, so that the knowledge counts as far as the evaluations agree with it.
void Auto::learn(std::span<const Evaluation> elsewhere) {
  std::vector<Observation> there;
  for (const Evaluation& one : elsewhere) there.push_back({one.index, std::log(one.time_ns)});
  const auto best = best_of(there, settings_.design);
  if (best.size() < 2) return;
  design_.clear();
  forecast_ns_ = nullptr;
  for (const std::size_t at : best) design_.push_back(there[at].index);
  designed_ = true;
  std::vector<std::size_t> points = representative(there, fitted_points);
  hyperparameters_ = weights_for(rows_of(there, points), values_of(there, points, settings_.slow));
  points = representative(there, kept_points);
  elsewhere_.emplace(Correlation(geometry_, hyperparameters_));
  for (Levels& row : rows_of(there, points)) elsewhere_->add(std::move(row));
  elsewhere_->set_values(values_of(there, points, settings_.slow));
}

// Takes a forecast. The first evaluation is the one with the best forecast, and half as many as
// otherwise fill the space. Then the process models the differences from the forecast.
void Auto::expect(const std::function<double(std::size_t)>& forecast_ns) {
  if (elsewhere_) return;
  forecast_ns_ = forecast_ns;
  const SearchSpace& space = explorer_.space();
  const bool all = space.size() <= whole_space;
  std::vector<Observation> forecasts;
  for (std::size_t i = 0; i < std::min(space.size(), whole_space); ++i) {
    const std::size_t index = all ? i : explorer_.random().below(space.size());
    forecasts.push_back({index, std::log(forecast_ns(index))});
  }
  const auto faster = [](const Observation& a, const Observation& b) {
    return a.log_time < b.log_time;
  };
  const auto best = std::min_element(forecasts.begin(), forecasts.end(), faster);
  design_.push_back(best->index);
  least_forecast_ = best->log_time + exactness;
  const double last = static_cast<double>(forecasts.size() - 1);
  const auto middle = forecasts.begin() + static_cast<std::ptrdiff_t>(last * settings_.slow);
  std::nth_element(forecasts.begin(), middle, forecasts.end(), faster);
  slow_forecast_ = std::max(middle->log_time, least_forecast_);
}

// Returns the logarithm of the expected time, up to a constant, from what is known elsewhere or
// from the forecast.
double Auto::expected(std::size_t index) const {
  if (elsewhere_) return elsewhere_->mean_at(geometry_.row(explorer_.space(), index));
  if (!forecast_ns_) return 0;
  return std::clamp(std::log(forecast_ns_(index)), least_forecast_, slow_forecast_);
}

std::vector<double> Auto::values() const {
  std::vector<double> values = values_of(observations_, points_, settings_.slow);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] -= trust_ * observations_[points_[i]].expected;
  }
  return values;
}

// Computes from the evaluations how far the forecast can be trusted: the part of its ups and downs
// that is right.
void Auto::weigh_forecast() {
  if (!forecast_ns_) return;
  std::vector<double> forecasts;
  for (const std::size_t point : points_) forecasts.push_back(observations_[point].expected);
  trust_ = process_.share_of(forecasts, values_of(observations_, points_, settings_.slow), doubt);
}

// From now on, only what was measured in this search counts.
void Auto::forget() {
  elsewhere_.reset();
  for (Observation& observation : observations_) observation.expected = 0;
  std::fill(expected_.begin(), expected_.end(), 0);
}

void Auto::set_candidates(std::vector<std::size_t> indices) {
  candidates_.reset(std::move(indices));
  expected_.clear();
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    expected_.push_back(expected(candidates_.index(i)));
  }
}

// Chooses the weights again, and builds the process and the candidates again.
void Auto::refit() {
  if (elsewhere_ && observations_.size() >= own_evidence) forget();
  points_ = representative(observations_, fitted_points);
  hyperparameters_ = weights_for(rows_of(observations_, points_), values());
  const std::size_t count = observations_.size();
  points_ = representative(observations_, count > most_points ? kept_points : count);
  process_ = GaussianProcess(Correlation(geometry_, hyperparameters_));
  for (Levels& row : rows_of(observations_, points_)) process_.add(std::move(row));
  in_process_ = count;
  if (explorer_.space().size() > whole_space) {
    set_candidates(choose_candidates());
  } else if (candidates_.size() == 0) {
    std::vector<std::size_t> all(explorer_.space().size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    set_candidates(std::move(all));
  } else {
    candidates_.restart();
  }
  const auto grown = static_cast<std::size_t>(static_cast<double>(points_.size()) * refit_growth);
  next_fit_ = std::min(std::max(grown, points_.size() + 1), most_points + 1);
}

// Brings the process and the candidates up to date with all observations so far.
void Auto::catch_up() {
  if (points_.size() + (observations_.size() - in_process_) >= next_fit_) refit();
  for (; in_process_ < observations_.size(); ++in_process_) {
    points_.push_back(in_process_);
    process_.add(geometry_.row(explorer_.space(), observations_[in_process_].index));
  }
  weigh_forecast();
  process_.set_values(values());
  candidates_.update(process_);
}

std::optional<std::size_t> Auto::propose() {
  catch_up();
  const std::size_t leader = best_of(observations_, 1).front();
  const double best = observations_[leader].log_time;
  if (observations_.size() > leader + patience &&
      observations_.size() % settings_.sweep_every == 0) {
    if (const auto index = sweep()) return index;
  }
  std::optional<std::size_t> chosen;
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (!explorer_.is_new(candidates_.index(i))) continue;
    const double improvement =
        log_expected_improvement(candidates_.prediction(i), best - trust_ * expected_[i]);
    if (improvement <= most) continue;
    most = improvement;
    chosen = candidates_.index(i);
  }
  if (chosen && explorer_.space().size() > whole_space) return climb(*chosen, most, best);
  return chosen;
}

// Returns a configuration next to one of the best, in case the model is wrong: among the new
// configurations that differ from one of the best in one knob, the one with the smallest predicted
// time.
std::optional<std::size_t> Auto::sweep() {
  std::optional<std::size_t> chosen;
  double least = std::numeric_limits<double>::infinity();
  for (const std::size_t elite : best_of(observations_, swept)) {
    for (const std::size_t index : explorer_.space().neighbours(observations_[elite].index)) {
      if (!explorer_.is_new(index)) continue;
      const double mean =
          process_.mean_at(geometry_.row(explorer_.space(), index)) + trust_ * expected(index);
      if (mean >= least) continue;
      least = mean;
      chosen = index;
    }
  }
  return chosen;
}

// Moves from a candidate to better configurations that are not among the candidates.
std::size_t Auto::climb(std::size_t index, double improvement, double best) const {
  const SearchSpace& space = explorer_.space();
  for (bool moved = true; moved;) {
    moved = false;
    for (const std::size_t neighbour : space.neighbours(index, true)) {
      if (!explorer_.is_new(neighbour)) continue;
      const Levels levels = geometry_.row(space, neighbour);
      const double least = best - trust_ * expected(neighbour);
      if (!can_improve_by(process_, levels, least, improvement)) continue;
      const double its = log_expected_improvement(predict(process_, levels), least);
      if (its <= improvement) continue;
      improvement = its;
      index = neighbour;
      moved = true;
    }
  }
  return index;
}

}  // namespace

std::unique_ptr<Strategy> make_auto(const SearchSpace& space, std::uint64_t seed,
                                    const AutoSettings& settings) {
  return std::make_unique<Auto>(space, seed, settings);
}

}  // namespace tw
