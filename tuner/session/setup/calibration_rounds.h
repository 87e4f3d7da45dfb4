// Compares GPUs that tune problems of their own.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/plan/job.h"
#include "devices/fleet/fleet.h"

namespace tw {

// In each round every GPU runs the calibration jobs once, between two of its problems, so that no
// GPU waits for another one. The times of a round are compared when all GPUs have run them.
class CalibrationRounds {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  // `workers` are fleets of one worker each, which live on and were compared just now. A round
  // begins when `every` has passed since the last one ended.
  CalibrationRounds(std::vector<fleet::Fleet*> workers, std::chrono::milliseconds every,
                    Clock clock);

  // Is called between two problems of a worker, by the thread that uses the worker: has it run the
  // jobs if a round goes on, and leaves it out if its times deviated from the others'. Does nothing
  // with fewer than two GPUs, or on the cpu device. Returns notices for the user; the worker's
  // device has others. Throws Error if the worker is lost meanwhile.
  std::vector<std::string> visit(std::size_t worker);
  // The worker tunes no more problems, so that no round waits for it. If it has run the jobs of
  // this round, its times still count.
  void leave(std::size_t worker);
  // Returns what visit() has not: notices, and why GPUs deviate that were not left out. Is called
  // when all workers have left.
  std::vector<std::string> rest();

 private:
  using Times = std::vector<double>;  // of each job

  bool wants(std::size_t worker);
  void end_round_if_complete();

  std::vector<fleet::Fleet*> workers_;
  std::vector<std::string> names_;  // of the workers
  std::vector<Job> jobs_;           // none if nothing is compared
  std::chrono::milliseconds every_;
  Clock clock_;

  std::mutex mutex_;  // of what follows
  std::chrono::steady_clock::time_point next_;
  bool goes_on_ = false;                        // a round
  std::map<std::size_t, Times> times_;          // of this round
  std::set<std::size_t> present_;               // the workers that are waited for
  std::map<std::size_t, std::string> deviant_;  // why a worker is to be left out
  std::set<std::string> differences_;           // that were said
  std::vector<std::string> notices_;            // which no worker has said yet
};

}  // namespace tw
