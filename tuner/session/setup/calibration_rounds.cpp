#include "session/setup/calibration_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/types/device_info.h"
#include "devices/fleet/deviation.h"
#include "session/setup/calibration.h"

namespace tw {

CalibrationRounds::CalibrationRounds(std::vector<fleet::Fleet*> workers,
                                     std::chrono::milliseconds every, Clock clock)
    : workers_(std::move(workers)),
      every_(every),
      clock_(std::move(clock)),
      next_(clock_() + every_) {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    names_.push_back(workers_[i]->worker());
    present_.insert(i);
  }
  if (workers_.size() < 2 || workers_.front()->info().kind != DeviceKind::cuda) return;
  differences_ = workers_.front()->differences();
  jobs_ = calibration_jobs(workers_.front()->info());
}

std::vector<std::string> CalibrationRounds::visit(std::size_t worker) {
  if (jobs_.empty()) return {};
  fleet::Fleet& fleet = *workers_[worker];
  if (wants(worker)) {
    Times times;
    for (const Job& job : jobs_) {
      const std::optional<double> time = fleet.time_of(job);
      if (!time) return {};  // the user ends the run
      times.push_back(*time);
    }
    const std::scoped_lock lock(mutex_);
    times_[worker] = std::move(times);
    end_round_if_complete();
  }
  const std::scoped_lock lock(mutex_);
  if (const auto found = deviant_.find(worker); found != deviant_.end()) {
    fleet.leave_out(found->second);
    deviant_.erase(found);
  }
  return std::exchange(notices_, {});
}

// Returns whether the worker is to run the jobs now. Begins a round if it is time.
bool CalibrationRounds::wants(std::size_t worker) {
  const std::scoped_lock lock(mutex_);
  if (deviant_.contains(worker) || present_.size() < 2) return false;
  if (!goes_on_ && clock_() < next_) return false;
  goes_on_ = true;
  return !times_.contains(worker);
}

void CalibrationRounds::leave(std::size_t worker) {
  const std::scoped_lock lock(mutex_);
  present_.erase(worker);
  end_round_if_complete();
}

std::vector<std::string> CalibrationRounds::rest() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> all = std::exchange(notices_, {});
  for (const auto& [worker, reason] : std::exchange(deviant_, {})) {
    all.push_back(
        fmt::format("the worker {} is not comparable with the others: {}", names_[worker], reason));
  }
  return all;
}

void CalibrationRounds::end_round_if_complete() {
  const bool is_complete =
      std::all_of(present_.begin(), present_.end(),
                  [this](std::size_t worker) { return times_.contains(worker); });
  if (!goes_on_ || !is_complete) return;
  for (std::size_t job = 0; job < jobs_.size(); ++job) {
    std::vector<std::size_t> workers;
    std::vector<fleet::WorkerTime> times;
    for (const auto& [worker, of_jobs] : times_) {
      if (deviant_.contains(worker)) continue;  // in an earlier job
      workers.push_back(worker);
      times.push_back({names_[worker], of_jobs[job]});
    }
    const fleet::Comparison comparison =
        fleet::compare_times(times, jobs_[job].problem, most_deviation);
    if (!comparison.notice.empty() && differences_.insert(comparison.about).second) {
      notices_.push_back(comparison.notice);
    }
    for (const fleet::Deviation& one : comparison.deviations) {
      deviant_[workers[one.at]] = one.reason;
      present_.erase(workers[one.at]);
    }
  }
  times_.clear();
  goes_on_ = false;
  next_ = clock_() + every_;
}

}  // namespace tw
