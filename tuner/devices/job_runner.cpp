#include "devices/job_runner.h"

namespace tw {
namespace {

std::string name_of_purpose(Purpose purpose) {
  switch (purpose) {
    case Purpose::measure:
      return "measure";
    case Purpose::race_round:
      return "race_round";
    case Purpose::verify:
      return "verify";
    case Purpose::baseline:
      return "baseline";
    case Purpose::counters:
      return "counters";
  }
  return "";
}

}  // namespace

void JobRunner::log_start(const Job& job) {
  if (!log_.is_on()) return;
  running_[job.id] = {job.kernel, job.configuration, now_()};
  log_.add("job", {{"job", static_cast<std::int64_t>(job.id)},
                   {"purpose", name_of_purpose(job.purpose)},
                   {"kernel", job.kernel},
                   {"configuration", job.configuration},
                   {"incumbent_ns", job.incumbent_ns}});
}

void JobRunner::log_answer(std::uint64_t id, const Measurement& measurement) {
  const auto running = running_.extract(id);
  if (running.empty()) return;
  const Running& job = running.mapped();
  const EventLog::Field number{"job", static_cast<std::int64_t>(id)};
  const std::chrono::duration<double> took = now_() - job.began;
  if (measurement.compile_ms > 0) {
    log_.add("compile", {number,
                         {"ms", measurement.compile_ms},
                         {"ok", measurement.outcome != Outcome::compile_failed},
                         {"registers", std::int64_t{measurement.registers}},
                         {"spill_bytes", measurement.spill_bytes}});
  }
  if (!measurement.samples_ns.empty()) {
    log_.add("measurement", {number,
                             {"samples", static_cast<std::int64_t>(measurement.samples_ns.size())},
                             {"median_ns", measurement.median_ns()},
                             {"timer", measurement.timer}});
  }
  log_.add("verdict", {number,
                       {"kernel", job.kernel},
                       {"configuration", job.configuration},
                       {"outcome", std::string(name_of(measurement.outcome))},
                       {"note", measurement.note},
                       {"error_ulps", measurement.error_ulps},
                       {"seconds", took.count()}});
}

std::uint64_t JobRunner::submit(Job job) {
  job.id = ++last_id_;
  log_start(job);
  device_.submit(std::move(job));
  return last_id_;
}

std::optional<Measurement> JobRunner::take(std::uint64_t id) {
  auto answer = answers_.extract(id);
  if (answer.empty()) return std::nullopt;
  return std::move(answer.mapped());
}

void JobRunner::look(bool was_waiting) {
  const Clock::time_point now = now_();
  const double seconds = std::chrono::duration<double>(now - looked_).count();
  looked_ = now;
  spent_.seconds += seconds;
  spent_.compiling_s += seconds * activity_.compiling;
  spent_.measuring_s += seconds * activity_.measuring;
  if (was_waiting && activity_.measuring > 0) {
    spent_.awaiting_measurers_s += seconds;
  } else if (was_waiting && activity_.compiling > 0) {
    spent_.awaiting_compilers_s += seconds;
  }
  activity_ = device_.activity();
}

const TimeSpent& JobRunner::time_spent() {
  look(false);
  return spent_;
}

void JobRunner::wait(std::chrono::steady_clock::time_point deadline) {
  look(false);
  std::vector<Finished> answers = device_.wait(deadline);
  look(true);
  for (Finished& finished : answers) {
    log_answer(finished.id, finished.measurement);
    answers_.emplace(finished.id, std::move(finished.measurement));
  }
}

void JobRunner::cancel() {
  device_.cancel();
  answers_.clear();
  if (running_.empty()) return;
  log_.add("cancel", {{"jobs", static_cast<std::int64_t>(running_.size())}});
  running_.clear();
}

std::optional<Measurement> JobRunner::run(Job job, const std::function<bool()>& stopped,
                                          const std::function<void()>& waiting) {
  const std::uint64_t id = submit(std::move(job));
  while (!stopped()) {
    waiting();
    wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
    if (std::optional<Measurement> answer = take(id)) return answer;
  }
  cancel();
  return std::nullopt;
}

}  // namespace tw
