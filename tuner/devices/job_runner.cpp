#include "devices/job_runner.h"

namespace tw {

std::uint64_t JobRunner::submit(Job job) {
  job.id = ++last_id_;
  device_.submit(std::move(job));
  return last_id_;
}

std::optional<Measurement> JobRunner::take(std::uint64_t id) {
  auto answer = answers_.extract(id);
  if (answer.empty()) return std::nullopt;
  return std::move(answer.mapped());
}

void JobRunner::wait(std::chrono::steady_clock::time_point deadline) {
  for (Finished& finished : device_.wait(deadline)) {
    answers_.emplace(finished.id, std::move(finished.measurement));
  }
}

void JobRunner::cancel() {
  device_.cancel();
  answers_.clear();
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
