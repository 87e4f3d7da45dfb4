// Longer than 400 lines: one class, whose steps share the jobs and the workers.
#include "devices/fleet/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/types/device_info_fields.h"
#include "devices/fleet/deviation.h"
#include "devices/fleet/member.h"
#include "devices/process.h"

namespace tw::fleet {
namespace {

using Clock = std::chrono::steady_clock;

// A job that two workers did not survive is to blame. After the first one, the job has a worker to
// itself, so that other jobs are not blamed.
constexpr int lost_most = 2;

constexpr auto calibration_limit = std::chrono::seconds(60);  // of one job

// Numbers jobs and openings. No number is used twice in this process, so that late answers, of
// cancelled jobs or to an earlier fleet, are recognised.
std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

// Returns whether times of the two are comparable. The name of the GPU and its clocks do not
// decide this.
bool are_alike(const DeviceInfo& a, const DeviceInfo& b) {
  bool alike = a.kind == b.kind && a.driver == b.driver && a.toolchain == b.toolchain;
  each_field(device_limit_fields,
             [&](const auto& field) { alike = alike && field.of(a) == field.of(b); });
  return alike;
}

// Times that are compared must be measured by one worker.
bool needs_one_worker(Purpose purpose) {
  return purpose == Purpose::race_round || purpose == Purpose::counters ||
         purpose == Purpose::baseline;
}

// A job without an answer.
struct Waiting {
  Job job;
  std::uint64_t id = 0;  // the caller's; the job itself has the fleet's number
  int lost = 0;          // workers that were lost while they had it
};

class WorkerFleet final : public Fleet {
 public:
  WorkerFleet(std::vector<Connection> connections, FleetOptions options);
  // Has one worker, whose device is open.
  WorkerFleet(Member member, FleetOptions options);
  ~WorkerFleet() override {
    for (Member& member : members_) member.close();
  }

  const DeviceInfo& info() const override { return info_; }
  int capacity() const override;
  bool has_counters() const override;
  bool has_energy() const override;
  Activity activity() const override;
  void submit(Job job) override;
  std::vector<Finished> wait(Clock::time_point deadline) override;
  void cancel() override;
  std::vector<std::string> notices() override { return std::exchange(notices_, {}); }
  int size() const override;
  void calibrate(const std::vector<Job>& jobs, double tolerance) override;
  std::optional<double> time_of(const Job& job) override;
  void leave_out(const std::string& reason) override;
  std::string worker() const override;
  const std::set<std::string>& differences() const override { return differences_; }
  std::vector<std::unique_ptr<Fleet>> split() override;

 private:
  void await_devices();
  void keep_alike();
  void advance();
  void accept(Member& member, Reply reply);
  void settle_lost(Member& member);
  void leave_out(Member& member, const std::string& reason);
  void distribute();
  Member* racer();
  Member* roomiest();
  bool wait_for_workers(Clock::time_point deadline) const;
  std::map<Member*, double> times_of(const Job& job);
  void check_race(const Member& lost);

  FleetOptions options_;
  bool is_part_ = false;        // of a fleet that was split
  std::deque<Member> members_;  // members never move
  DeviceInfo info_;
  std::map<std::uint64_t, Waiting> jobs_;  // by the fleet's numbers
  std::deque<std::uint64_t> queue_;        // jobs that no worker has
  const Member* raced_on_ = nullptr;       // has answered rounds of the race that goes on
  std::string race_fault_;                 // the race cannot be finished on one worker
  std::vector<Finished> finished_;
  std::vector<std::string> notices_;
  std::set<std::string> said_;         // notices; each is said once
  std::set<std::string> differences_;  // that were said
  std::string last_reason_;            // of the worker that was lost last
};

WorkerFleet::WorkerFleet(std::vector<Connection> connections, FleetOptions options)
    : options_(std::move(options)) {
  for (Connection& connection : connections) {
    Member& member =
        members_.emplace_back(std::move(connection.name), std::move(connection.transport));
    member.open({.build = options_.build,
                 .device = std::move(connection.device),
                 .cache = options_.cache,
                 .sharers = connection.sharers,
                 .epoch = next_number(),
                 .silence_s = static_cast<int>(options_.silence_limit.count())});
  }
  await_devices();
  keep_alike();
}

WorkerFleet::WorkerFleet(Member member, FleetOptions options)
    : options_(std::move(options)), is_part_(true), info_(member.opened.info) {
  members_.push_back(std::move(member));
}

int WorkerFleet::size() const {
  return static_cast<int>(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return member.state == Member::State::works;
  }));
}

int WorkerFleet::capacity() const {
  if (options_.in_flight > 0) return options_.in_flight;
  int sum = 0;
  for (const Member& member : members_) {
    if (member.state == Member::State::works) sum += member.opened.capacity;
  }
  return std::max(sum, 1);
}

bool WorkerFleet::has_counters() const {
  const auto first = std::find_if(members_.begin(), members_.end(), [](const Member& member) {
    return member.state == Member::State::works;
  });
  return first != members_.end() && first->opened.has_counters;
}

// Any worker may be asked for an energy.
bool WorkerFleet::has_energy() const {
  return std::all_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.state != Member::State::works || member.opened.has_energy;
  });
}

Activity WorkerFleet::activity() const {
  Activity sum;
  for (const Member& member : members_) {
    if (member.state != Member::State::works) continue;
    const Activity one = member.activity();
    sum.compiling += one.compiling;
    sum.compilers += one.compilers;
    sum.measuring += one.measuring;
    sum.measurers += one.measurers;
  }
  return sum;
}

void WorkerFleet::await_devices() {
  const auto deadline = Clock::now() + options_.start_limit;
  const auto opens = [](const Member& member) { return member.state == Member::State::opening; };
  while (std::any_of(members_.begin(), members_.end(), opens)) {
    advance();
    if (Clock::now() >= deadline) {
      for (Member& member : members_) {
        if (opens(member)) leave_out(member, "its device did not open in time");
      }
    } else if (std::any_of(members_.begin(), members_.end(), opens)) {
      // A signal ends the wait: the first wait for a job returns at once, too.
      if (!wait_for_workers(deadline)) throw Error("interrupted while the workers started");
    }
  }
}

// Keeps the largest group of workers with devices that are alike, of the kind of the first worker;
// of two groups of one size, the one with the earlier worker.
void WorkerFleet::keep_alike() {
  const Member* best = nullptr;
  std::ptrdiff_t most = 0;
  const Member* first = racer();
  for (const Member& one : members_) {
    if (one.state != Member::State::works) continue;
    if (one.opened.info.kind != first->opened.info.kind) continue;
    const auto count = std::count_if(members_.begin(), members_.end(), [&](const Member& other) {
      return other.state == Member::State::works && are_alike(one.opened.info, other.opened.info);
    });
    if (count > most) {
      best = &one;
      most = count;
    }
  }
  if (!best) throw Error(last_reason_);
  info_ = best->opened.info;
  if (members_.size() > 1) info_.uuid.clear();  // trials are of several GPUs
  for (Member& member : members_) {
    if (member.state != Member::State::works || are_alike(member.opened.info, info_)) continue;
    leave_out(member, fmt::format("its {} differs from the other workers' {} in limits, driver or "
                                  "toolchain: tune on it by itself",
                                  member.opened.info.model, info_.model));
  }
}

void WorkerFleet::leave_out(Member& member, const std::string& reason) {
  member.lose(reason);
  settle_lost(member);
}

// Puts the jobs of a lost worker back into the queue.
void WorkerFleet::settle_lost(Member& member) {
  // The device's own words are enough for the only worker.
  const bool has_words = members_.size() == 1 && !is_part_ && member.reason == member.words;
  last_reason_ =
      has_words ? member.reason : fmt::format("the worker {}: {}", member.text(), member.reason);
  notices_.push_back(fmt::format("the worker {} is left out: {}", member.text(), member.reason));
  member.is_settled = true;
  check_race(member);
  for (const std::uint64_t id : std::exchange(member.jobs, {})) {
    Waiting& waiting = jobs_.at(id);
    if (++waiting.lost < lost_most || size() == 0) {
      queue_.push_front(id);
      continue;
    }
    Measurement measurement;
    measurement.outcome = Outcome::faulted;
    measurement.note = fmt::format("{} workers were lost while they had this job; the last one, {}",
                                   waiting.lost, last_reason_);
    finished_.push_back({waiting.id, std::move(measurement)});
    jobs_.erase(id);
  }
  std::sort(queue_.begin(), queue_.end());
}

void WorkerFleet::accept(Member& member, Reply reply) {
  // All workers may say the same when they open their devices; later notices are about one GPU.
  for (std::string& notice : reply.notices) {
    if (reply.kind == Reply::Kind::opened) {
      if (said_.insert(notice).second) notices_.push_back(std::move(notice));
    } else if (said_.insert(member.name + ": " + notice).second) {
      notices_.push_back(members_.size() == 1 ? notice : member.text() + ": " + notice);
    }
  }
  switch (reply.kind) {
    case Reply::Kind::opened:
      member.opened = std::move(reply.opened);
      member.state = Member::State::works;
      member.words = member.opened.error;
      if (!member.words.empty()) leave_out(member, member.words);
      break;
    case Reply::Kind::finished:
      for (Finished& finished : reply.finished) {
        // Answers to jobs that were cancelled are dropped.
        if (member.jobs.erase(finished.id) == 0) continue;
        const Waiting& waiting = jobs_.at(finished.id);
        if (waiting.job.purpose == Purpose::race_round) raced_on_ = &member;
        finished_.push_back({waiting.id, std::move(finished.measurement)});
        jobs_.erase(finished.id);
      }
      break;
    case Reply::Kind::failed:
      member.words = reply.error;
      leave_out(member, member.words);
      break;
    case Reply::Kind::alive:
    case Reply::Kind::quits:
      break;
  }
}

void WorkerFleet::advance() {
  for (Member& member : members_) {
    if (member.state == Member::State::lost) continue;
    for (Reply& reply :
         member.receive(member.state == Member::State::opening ? options_.start_limit
                                                               : options_.silence_limit)) {
      if (!member.reason.empty() && reply.kind != Reply::Kind::finished) continue;
      accept(member, std::move(reply));
    }
    if (member.state == Member::State::lost && !member.is_settled) settle_lost(member);
  }
  distribute();
}

Member* WorkerFleet::racer() {
  const auto found = std::find_if(members_.begin(), members_.end(), [](const Member& member) {
    return member.state == Member::State::works;
  });
  return found == members_.end() ? nullptr : &*found;
}

Member* WorkerFleet::roomiest() {
  Member* best = nullptr;
  for (Member& member : members_) {
    if (member.state != Member::State::works || member.free() <= 0) continue;
    const bool has_suspect = std::any_of(member.jobs.begin(), member.jobs.end(),
                                         [&](std::uint64_t id) { return jobs_.at(id).lost > 0; });
    if (has_suspect) continue;
    if (!best || member.free() > best->free()) best = &member;
  }
  return best;
}

void WorkerFleet::distribute() {
  std::deque<std::uint64_t> left;
  for (const std::uint64_t id : std::exchange(queue_, {})) {
    const Waiting& waiting = jobs_.at(id);
    Member* member = needs_one_worker(waiting.job.purpose) ? racer() : roomiest();
    if (waiting.lost > 0 && member && !member->jobs.empty()) member = nullptr;
    if (member) {
      member->submit(waiting.job);
    } else {
      left.push_back(id);
    }
  }
  queue_ = std::move(left);
  if (!finished_.empty()) return;  // what was measured comes first
  if (size() == 0 && !jobs_.empty()) throw Error(last_reason_);
  const bool races = std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) {
    return job.second.job.purpose == Purpose::race_round;
  });
  if (races && !race_fault_.empty()) throw Error(std::exchange(race_fault_, ""));
}

// If the worker of a race is lost, the race is over: rounds of two GPUs are not comparable.
void WorkerFleet::check_race(const Member& lost) {
  if (raced_on_ != &lost) return;
  raced_on_ = nullptr;
  if (size() == 0) return;
  race_fault_ = fmt::format(
      "the worker {} was lost in the final race, whose rounds must be of one GPU; what was "
      "measured "
      "is stored: run the same command again to race on another one",
      lost.text());
}

void WorkerFleet::submit(Job job) {
  Waiting waiting{.job = std::move(job)};
  waiting.id = std::exchange(waiting.job.id, next_number());
  if (waiting.job.purpose == Purpose::measure) {  // the next search
    raced_on_ = nullptr;
    race_fault_.clear();
  }
  queue_.push_back(waiting.job.id);
  jobs_.emplace(waiting.job.id, std::move(waiting));
  distribute();
}

bool WorkerFleet::wait_for_workers(Clock::time_point deadline) const {
  constexpr auto moment = std::chrono::milliseconds(2);
  constexpr auto second = std::chrono::milliseconds(1000);  // then silence is noticed
  std::vector<int> descriptors;
  bool polls = false;
  for (const Member& member : members_) {
    if (member.state == Member::State::lost) continue;
    const Transport& transport = member.transport();
    if (transport.descriptor() >= 0) descriptors.push_back(transport.descriptor());
    polls = polls || transport.descriptor() < 0 || transport.has_unsent();
  }
  return wait_any(descriptors, std::min(deadline, Clock::now() + (polls ? moment : second)));
}

std::vector<Finished> WorkerFleet::wait(Clock::time_point deadline) {
  while (true) {
    advance();
    if (!finished_.empty() || jobs_.empty() || Clock::now() >= deadline) break;
    if (!wait_for_workers(deadline)) break;
  }
  return std::exchange(finished_, {});
}

void WorkerFleet::cancel() {
  jobs_.clear();
  queue_.clear();
  finished_.clear();
  raced_on_ = nullptr;
  race_fault_.clear();
  for (Member& member : members_) {
    if (member.state == Member::State::works) member.cancel();
  }
}

// Returns the median time of a job on each worker that could run it. A worker that cannot, or not
// in time, is left out. Returns what there is when a signal arrives.
std::map<Member*, double> WorkerFleet::times_of(const Job& job) {
  std::map<std::uint64_t, Member*> asked;
  std::map<Member*, double> times;
  for (Member& member : members_) {
    if (member.state != Member::State::works) continue;
    // Each worker has a job of its own, which no other worker does again.
    Waiting waiting{.job = job, .id = next_number(), .lost = lost_most};
    waiting.job.id = waiting.id;
    asked.emplace(waiting.id, &member);
    member.submit(waiting.job);
    jobs_.emplace(waiting.id, std::move(waiting));
  }
  const auto deadline = Clock::now() + calibration_limit;
  while (!jobs_.empty()) {
    const std::vector<Finished> finished = wait(deadline);
    for (const auto& [id, measurement] : finished) {
      Member* member = asked.at(id);
      if (measurement.outcome == Outcome::ok && !measurement.samples_ns.empty()) {
        times.emplace(member, measurement.median_ns());
      } else if (member->state == Member::State::works) {
        leave_out(*member, "its calibration failed: " + measurement.note);
      }
    }
    if (!finished.empty()) continue;
    if (Clock::now() < deadline) break;  // a signal
    for (Member& member : members_) {
      if (!member.jobs.empty()) leave_out(member, "its calibration took longer than a minute");
    }
    finished_.clear();
  }
  return times;
}

void WorkerFleet::calibrate(const std::vector<Job>& jobs, double tolerance) {
  cancel();
  for (const Job& job : jobs) {
    std::vector<Member*> members;
    std::vector<WorkerTime> times;
    for (const auto& [member, time] : times_of(job)) {
      members.push_back(member);
      times.push_back({member->text(), time});
    }
    cancel();
    const Comparison comparison = compare_times(times, job.problem, tolerance);
    if (!comparison.notice.empty() && differences_.insert(comparison.about).second) {
      notices_.push_back(comparison.notice);
    }
    for (const Deviation& deviation : comparison.deviations) {
      Member& member = *members[deviation.at];
      if (member.state == Member::State::works) leave_out(member, deviation.reason);
    }
  }
}

std::optional<double> WorkerFleet::time_of(const Job& job) {
  cancel();
  const std::map<Member*, double> times = times_of(job);
  cancel();
  if (size() == 0) throw Error(last_reason_);
  if (times.empty()) return std::nullopt;
  return times.begin()->second;
}

void WorkerFleet::leave_out(const std::string& reason) {
  cancel();
  for (Member& member : members_) {
    if (member.state == Member::State::works) leave_out(member, reason);
  }
}

std::string WorkerFleet::worker() const {
  return members_.size() == 1 ? members_.front().text() : "";
}

std::vector<std::unique_ptr<Fleet>> WorkerFleet::split() {
  cancel();
  std::vector<std::unique_ptr<Fleet>> fleets;
  for (Member& member : members_) {
    if (member.state != Member::State::works) continue;
    auto fleet = std::make_unique<WorkerFleet>(std::move(member), options_);
    if (fleets.empty()) fleet->notices_ = notices();
    fleet->differences_ = differences_;
    fleets.push_back(std::move(fleet));
  }
  members_.clear();
  return fleets;
}

}  // namespace

std::unique_ptr<Fleet> open_fleet(std::vector<Connection> connections, FleetOptions options) {
  return std::make_unique<WorkerFleet>(std::move(connections), std::move(options));
}

}  // namespace tw::fleet
