#include "race.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "random.h"

namespace tw {
namespace {

// Job ids of a race start here, apart from a driver's.
constexpr std::uint64_t first_race_id = std::uint64_t{1} << 62;

// Two-sided 95 % quantile of Student's t with n degrees of freedom (1 to 30; 1.96 beyond). Source:
// any table of the distribution, e.g. NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
double student_95(std::size_t degrees) {
  static constexpr double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                     2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                     2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                     2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
  if (degrees == 0) return std::numeric_limits<double>::infinity();
  return degrees <= std::size(table) ? table[degrees - 1] : 1.96;
}

bool failed(const Race::Entrant& entrant) { return entrant.pooled.outcome != Outcome::ok; }

bool is_tied(const Race::Entrant& winner, const Race::Entrant& other) {
  if (failed(other)) return false;
  const auto interval = Race::slower(winner, other);
  return !interval || interval->low <= 1;  // without one nothing tells them apart
}

}  // namespace

Race::Race(Device& device, std::vector<Job> entrants, int rounds, std::uint64_t seed,
           double floor_ns)
    : device_(device), floor_ns_(floor_ns) {
  for (Job& job : entrants)
    entrants_.push_back({.job = std::move(job), .pooled = {}, .medians_ns = {}});
  Random random(seed);
  std::vector<std::size_t> round(entrants_.size());
  std::iota(round.begin(), round.end(), std::size_t{0});
  for (int r = 0; r < rounds; ++r) {
    random.shuffle(round);
    order_.insert(order_.end(), round.begin(), round.end());
  }
}

void Race::submit_next() {
  while (turn_ < order_.size() && failed(entrants_[order_[turn_]])) ++turn_;
  if (turn_ == order_.size()) return;
  Job job = entrants_[order_[turn_]].job;
  job.id = first_race_id + turn_;
  if (job.purpose != Purpose::baseline) job.purpose = Purpose::race_round;
  job.incumbent_ns = 0;
  device_.submit(std::move(job));
  in_flight_ = true;
}

bool Race::step(std::chrono::steady_clock::time_point deadline) {
  while (turn_ < order_.size()) {
    if (!in_flight_) submit_next();
    if (!in_flight_) break;
    for (Finished& finished : device_.wait(deadline)) {
      if (finished.id != first_race_id + turn_) continue;
      Entrant& entrant = entrants_[order_[turn_]];
      std::vector<double> samples = std::move(entrant.pooled.samples_ns);
      entrant.pooled = std::move(finished.measurement);
      entrant.pooled.reject_below(floor_ns_);
      if (!failed(entrant)) entrant.medians_ns.push_back(entrant.pooled.median_ns());
      samples.insert(samples.end(), entrant.pooled.samples_ns.begin(),
                     entrant.pooled.samples_ns.end());
      entrant.pooled.samples_ns = std::move(samples);
      in_flight_ = false;
      ++turn_;
    }
    if (in_flight_ || std::chrono::steady_clock::now() >= deadline) break;
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
    if (entrant.medians_ns.size() > rounds) entrant.medians_ns.resize(rounds);
  }
  const auto time_of = [](const Entrant& entrant) {
    if (failed(entrant) || entrant.medians_ns.empty()) {
      return std::numeric_limits<double>::infinity();
    }
    return median(entrant.medians_ns);
  };
  std::stable_sort(ranking.begin(), ranking.end(), [&](const Entrant& a, const Entrant& b) {
    return std::pair(time_of(a), std::string_view(a.job.configuration)) <
           std::pair(time_of(b), std::string_view(b.job.configuration));
  });
  return ranking;
}

void Race::break_ties(std::vector<Entrant>& ranking, std::size_t tied) {
  const auto by_need = [](const Entrant& a, const Entrant& b) {
    const auto needs = [](const Entrant& of) {
      return std::tie(of.pooled.smem_bytes, of.pooled.registers, of.job.kernel,
                      of.job.configuration);
    };
    return needs(a) < needs(b);
  };
  std::sort(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(tied), by_need);
}

std::optional<Interval> Race::slower(const Entrant& first, const Entrant& other) {
  const std::size_t n = std::min(first.medians_ns.size(), other.medians_ns.size());
  if (n < 2) return std::nullopt;
  std::vector<double> log_ratios(n);
  for (std::size_t i = 0; i < n; ++i) {
    log_ratios[i] = std::log(other.medians_ns[i] / first.medians_ns[i]);
  }
  const double count = static_cast<double>(n);
  const double mean = std::accumulate(log_ratios.begin(), log_ratios.end(), 0.0) / count;
  double squares = 0;
  for (const double x : log_ratios) squares += (x - mean) * (x - mean);
  const double half = student_95(n - 1) * std::sqrt(squares / (count - 1) / count);
  return Interval{std::exp(mean - half), std::exp(mean + half)};
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
  const auto low = measurement.metrics.find("slower_low");
  const auto high = measurement.metrics.find("slower_high");
  if (low == measurement.metrics.end() || high == measurement.metrics.end()) return std::nullopt;
  return Interval{low->second, high->second};
}

std::size_t Race::tied(const std::vector<Entrant>& ranking) {
  if (ranking.empty()) return 0;
  std::size_t count = 1;
  while (count < ranking.size() && is_tied(ranking.front(), ranking[count])) ++count;
  return count;
}

}  // namespace tw
