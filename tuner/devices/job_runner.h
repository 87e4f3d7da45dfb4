// Runs jobs on a device for those who ask for them: searches, races, baselines, counters and
// checks. A JobQueue keeps the jobs of one of them, each under a key of its own kind.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "devices/device.h"
#include "devices/event_log.h"

namespace tw {

// How the time since a runner's begin was spent: sums of seconds, for differences of two moments.
struct TimeSpent {
  double seconds = 0;
  // The caller waited for a device that measured, and for one that only compiled.
  double awaiting_measurers_s = 0, awaiting_compilers_s = 0;
  double compiling_s = 0, measuring_s = 0;  // of all compilers, and of all GPUs
};

// Numbers the jobs of a device, and keeps each answer until the queue of its job takes it.
class JobRunner {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  // The device must outlive the runner, and nobody else may give it jobs.
  explicit JobRunner(Device& device, EventLog& log = EventLog::none(), Now now = Clock::now)
      : device_(device),
        log_(log),
        now_(std::move(now)),
        looked_(now_()),
        activity_(device.activity()) {}
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  Device& device() const { return device_; }
  EventLog& log() const { return log_; }  // gets the jobs and their answers
  // Starts a job. Sets its id, and returns it.
  std::uint64_t submit(Job job);
  // Returns the answer to a job; nothing if it has not ended.
  std::optional<Measurement> take(std::uint64_t id);
  // Waits until a job ends or until the deadline.
  void wait(std::chrono::steady_clock::time_point deadline);
  // Drops all jobs and answers.
  void cancel();
  // Returns how the time was spent until now. The device's activity is looked at before and after
  // each wait, so that the sums are as exact as waits are short.
  const TimeSpent& time_spent();
  // Runs one job to its end. Calls `waiting` before each wait of 0.1 s. Returns nothing, and drops
  // all jobs, once `stopped` returns true.
  std::optional<Measurement> run(
      Job job, const std::function<bool()>& stopped, const std::function<void()>& waiting = [] {});

 private:
  // A job that the log names again when its answer comes.
  struct Running {
    std::string kernel, configuration;
    Clock::time_point began;
  };
  // Adds the time since the last look to what was spent.
  void look(bool was_waiting);
  void log_start(const Job& job);
  void log_answer(std::uint64_t id, const Measurement& measurement);

  Device& device_;
  EventLog& log_;
  Now now_;
  std::map<std::uint64_t, Running> running_;  // only if the log is on
  Clock::time_point looked_;                  // the last look at the device
  Activity activity_;                         // then
  TimeSpent spent_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Measurement> answers_;
};

// The jobs of one user of a runner.
template <class Key>
class JobQueue {
 public:
  struct Answer {
    Key key;
    Measurement measurement;
  };

  // The runner must outlive the queue.
  explicit JobQueue(JobRunner& runner) : runner_(runner) {}

  void submit(Key key, Job job) {
    running_.emplace(runner_.submit(std::move(job)), std::move(key));
  }
  std::size_t size() const { return running_.size(); }  // jobs that are under way
  bool is_idle() const { return running_.empty(); }
  // Returns the key of the job that was submitted first. The queue must not be idle.
  const Key& first() const { return running_.begin()->second; }
  // Returns the answers to jobs of this queue. Waits until there is one or until the deadline; so
  // the result may be empty.
  std::vector<Answer> wait(std::chrono::steady_clock::time_point deadline) {
    std::vector<Answer> answers = take();
    if (!answers.empty() || running_.empty()) return answers;
    runner_.wait(deadline);
    return take();
  }
  // Drops all jobs of the runner.
  void cancel() {
    runner_.cancel();
    running_.clear();
  }

 private:
  std::vector<Answer> take() {
    std::vector<Answer> answers;
    for (auto at = running_.begin(); at != running_.end();) {
      std::optional<Measurement> measurement = runner_.take(at->first);
      if (!measurement) {
        ++at;
        continue;
      }
      answers.push_back({std::move(at->second), std::move(*measurement)});
      at = running_.erase(at);
    }
    return answers;
  }

  JobRunner& runner_;
  std::map<std::uint64_t, Key> running_;
};

}  // namespace tw
