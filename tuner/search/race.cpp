#include "search/race.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <tuple>

#include "search/strategies/random.h"

namespace tw {
namespace {

bool failed(const Race::Entrant& entrant) { return entrant.pooled.outcome != Outcome::ok; }

bool is_tied(const Race::Entrant& winner, const Race::Entrant& other) {
  if (failed(other)) return false;
  const auto interval = Race::slower(winner, other);
  return !interval || interval->low <= 1;  // without an interval nothing tells them apart
}

// Returns what the entrants of a ranking are compared by: the median of the pooled samples, or of
// the rounds' values of another objective.
double overall(const Race::Entrant& entrant) {
  return entrant.values.empty() ? entrant.pooled.median_ns() : median(entrant.values);
}

// Returns the largest median with which an entrant may win a tie with `fastest`. Disturbances only
// lengthen times, so they widen the upper half of an interval. So the narrower half counts on both
// sides.
double most_for_a_tie(const Race::Entrant& fastest) {
  const double middle = overall(fastest);
  const Interval interval =
      median_interval(fastest.values.empty() ? fastest.pooled.samples_ns : fastest.values);
  return middle + std::min(interval.high - middle, middle - interval.low);
}

// Returns the samples of the first `rounds` rounds. Each round gives as many samples as the
// shortest of these rounds has.
std::vector<double> pooled_samples(const Race::Entrant& entrant, std::size_t rounds) {
  if (failed(entrant)) return {};
  const std::size_t count = std::min(entrant.rounds_ns.size(), rounds);
  std::size_t shortest = std::numeric_limits<std::size_t>::max();
  for (std::size_t r = 0; r < count; ++r) {
    shortest = std::min(shortest, entrant.rounds_ns[r].size());
  }
  std::vector<double> samples;
  for (std::size_t r = 0; r < count; ++r) {
    const auto begin = entrant.rounds_ns[r].begin();
    samples.insert(samples.end(), begin, begin + static_cast<std::ptrdiff_t>(shortest));
  }
  return samples;
}

// Keeps what a round measured.
void add_round(Race::Entrant& entrant, Objective objective) {
  const Measurement& round = entrant.pooled;
  entrant.medians_ns.push_back(round.median_ns());
  entrant.rounds_ns.push_back(round.samples_ns);
  if (round.energy_mj > 0) {
    entrant.energies_mj.push_back(round.energy_mj);
    entrant.powers_w.push_back(round.mean_power_w);
  }
  if (objective != Objective::time) entrant.values.push_back(value_of(objective, round));
}

// Removes what was measured after the last whole round.
void keep_rounds(Race::Entrant& entrant, std::size_t rounds) {
  for (std::vector<double>* values :
       {&entrant.medians_ns, &entrant.energies_mj, &entrant.powers_w, &entrant.values}) {
    if (values->size() > rounds) values->resize(rounds);
  }
}

void pool_energy(Race::Entrant& entrant) {
  if (entrant.energies_mj.empty() || failed(entrant)) return;
  Measurement& pooled = entrant.pooled;
  pooled.energy_mj = median(entrant.energies_mj);
  pooled.mean_power_w = median(entrant.powers_w);
  if (entrant.energies_mj.size() < 2) return;
  const Interval interval = median_interval(entrant.energies_mj);
  pooled.metrics["energy_low_mj"] = interval.low;
  pooled.metrics["energy_high_mj"] = interval.high;
}

std::optional<Interval> noted_interval(const Measurement& measurement, const char* low_name,
                                       const char* high_name) {
  const auto low = measurement.metrics.find(low_name);
  const auto high = measurement.metrics.find(high_name);
  if (low == measurement.metrics.end() || high == measurement.metrics.end()) return std::nullopt;
  return Interval{low->second, high->second};
}

}  // namespace

Race::Race(JobRunner& jobs, std::vector<Job> entrants, int rounds, std::uint64_t seed,
           double floor_ns, Objective objective)
    : jobs_(jobs), floor_ns_(floor_ns), objective_(objective) {
  for (Job& job : entrants)
    entrants_.push_back({.job = std::move(job), .pooled = {}, .rounds_ns = {}, .medians_ns = {}});
  Random random(seed);
  std::vector<std::size_t> round(entrants_.size());
  std::iota(round.begin(), round.end(), std::size_t{0});
  for (int r = 0; r < rounds; ++r) {
    random.shuffle(round);
    order_.insert(order_.end(), round.begin(), round.end());
  }
}

void Race::submit(std::size_t turn) {
  Job job = entrants_[order_[turn]].job;
  if (job.purpose != Purpose::baseline) job.purpose = Purpose::race_round;
  job.incumbent_ns = 0;
  jobs_.submit(turn, std::move(job));
}

void Race::submit_next() {
  if (turn_ == 0) {
    for (std::size_t turn = 0; turn < std::min(entrants_.size(), order_.size()); ++turn) {
      submit(turn);
    }
    return;
  }
  const auto is_out = [&](const Entrant& entrant) { return failed(entrant) || entrant.has_left; };
  while (turn_ < order_.size() && is_out(entrants_[order_[turn_]])) ++turn_;
  if (turn_ < order_.size()) submit(turn_);
}

// Lets the entrants leave that are certainly slower than the fastest one. A faster library is no
// reason to leave.
void Race::drop_the_slow() {
  has_dropped_ = true;
  const auto is_baseline = [](const Entrant& one) { return one.job.purpose == Purpose::baseline; };
  std::vector<Entrant> finalists = ranking();
  std::erase_if(finalists, is_baseline);
  if (finalists.empty()) return;
  for (Entrant& entrant : entrants_) {
    if (failed(entrant) || is_baseline(entrant)) continue;
    const auto interval = slower(finalists.front(), entrant);
    entrant.has_left = interval && interval->low > leaving_ratio;
  }
}

bool Race::step(std::chrono::steady_clock::time_point deadline) {
  while (turn_ < order_.size()) {
    if (!has_dropped_ && rounds_done() >= rounds_before_leaving) drop_the_slow();
    if (jobs_.is_idle()) submit_next();
    if (jobs_.is_idle()) break;
    for (auto& [turn, measurement] : jobs_.wait(deadline)) {
      Entrant& entrant = entrants_[order_[turn]];
      entrant.pooled = std::move(measurement);
      entrant.pooled.reject_below(floor_ns_);
      if (!failed(entrant)) add_round(entrant, objective_);
      ++turn_;
    }
    if (!jobs_.is_idle() || std::chrono::steady_clock::now() >= deadline) break;
  }
  return turn_ == order_.size();
}

int Race::rounds_done() const {
  return entrants_.empty() ? 0 : static_cast<int>(turn_ / entrants_.size());
}

std::vector<Race::Entrant> Race::ranking() const {
  std::vector<Entrant> ranking = entrants_;
  const auto rounds = static_cast<std::size_t>(rounds_done());
  for (Entrant& entrant : ranking) {
    keep_rounds(entrant, rounds);
    entrant.pooled.samples_ns = pooled_samples(entrant, rounds);
    if (!entrant.pooled.samples_ns.empty()) {
      entrant.pooled.metrics["rounds"] = static_cast<double>(entrant.medians_ns.size());
    }
    pool_energy(entrant);
  }
  const auto place_of = [](const Entrant& entrant) {
    if (failed(entrant) || entrant.medians_ns.empty()) {
      return std::numeric_limits<double>::infinity();
    }
    return overall(entrant);
  };
  std::stable_sort(ranking.begin(), ranking.end(), [&](const Entrant& a, const Entrant& b) {
    return std::pair(place_of(a), std::string_view(a.job.configuration)) <
           std::pair(place_of(b), std::string_view(b.job.configuration));
  });
  return ranking;
}

void Race::break_ties(std::vector<Entrant>& ranking, std::size_t tied) {
  if (tied == 0) return;
  const double most = most_for_a_tie(ranking.front());
  const auto end = ranking.begin() + static_cast<std::ptrdiff_t>(tied);
  const auto too_slow = std::stable_partition(
      ranking.begin(), end, [&](const Entrant& entrant) { return overall(entrant) <= most; });
  std::sort(ranking.begin(), too_slow, [](const Entrant& a, const Entrant& b) {
    const auto needs = [](const Entrant& of) {
      return std::tie(of.pooled.smem_bytes, of.pooled.registers, of.job.kernel,
                      of.job.configuration);
    };
    return needs(a) < needs(b);
  });
}

// The order statistics that enclose the median are those by which the sign test decides: W. J.
// Conover, Practical Nonparametric Statistics, 3rd edition, sections 3.2 and 3.4.
std::optional<Interval> Race::slower(const Entrant& first, const Entrant& other) {
  const std::vector<double>& its = first.values.empty() ? first.medians_ns : first.values;
  const std::vector<double>& others = other.values.empty() ? other.medians_ns : other.values;
  const std::size_t n = std::min(its.size(), others.size());
  if (n < least_for_interval) return std::nullopt;
  std::vector<double> ratios(n);
  for (std::size_t i = 0; i < n; ++i) ratios[i] = others[i] / its[i];
  return median_interval(std::move(ratios));
}

void Race::note_slower(std::vector<Entrant>& ranking) {
  for (std::size_t i = 1; i < ranking.size(); ++i) {
    const auto interval = slower(ranking.front(), ranking[i]);
    if (!interval) continue;
    ranking[i].pooled.metrics["slower_low"] = interval->low;
    ranking[i].pooled.metrics["slower_high"] = interval->high;
  }
}

std::optional<Interval> slower_than_fastest(const Measurement& measurement) {
  return noted_interval(measurement, "slower_low", "slower_high");
}

std::vector<double> round_medians(const Measurement& pooled) {
  const auto noted = pooled.metrics.find("rounds");
  const double rounds = noted == pooled.metrics.end() ? 0 : noted->second;
  const std::size_t samples = pooled.samples_ns.size();
  // A row of another program may say anything.
  const bool is_count = rounds >= 1 && rounds <= static_cast<double>(samples);
  const auto count = is_count ? static_cast<std::size_t>(rounds) : 0;
  if (count == 0 || static_cast<double>(count) != rounds || samples % count != 0) return {};
  const auto each = static_cast<std::ptrdiff_t>(samples / count);
  std::vector<double> medians;
  for (auto at = pooled.samples_ns.begin(); at != pooled.samples_ns.end(); at += each) {
    medians.push_back(median({at, at + each}));
  }
  return medians;
}

std::optional<Interval> energy_interval(const Measurement& measurement) {
  return noted_interval(measurement, "energy_low_mj", "energy_high_mj");
}

std::size_t Race::tied(const std::vector<Entrant>& ranking) {
  if (ranking.empty()) return 0;
  std::size_t count = 1;
  while (count < ranking.size() && is_tied(ranking.front(), ranking[count])) ++count;
  return count;
}

}  // namespace tw
