#include "search/driver.h"

#include <fmt/format.h>

#include <algorithm>

namespace tw {
namespace {

Measurement pruned(const LeastTime& least, double incumbent_ns) {
  Measurement measurement;
  measurement.outcome = Outcome::pruned;
  measurement.note = fmt::format("takes at least {:.4g} us for {}; {:.4g} us is known",
                                 least.ns * 1e-3, least.reason, incumbent_ns * 1e-3);
  return measurement;
}

}  // namespace

Driver::Driver(JobRunner& jobs, SearchTask task)
    : device_(jobs.device()), log_(jobs.log()), jobs_(jobs), task_(std::move(task)) {}

void Driver::tell_known(std::span<const Evaluation> known) {
  for (const Evaluation& evaluation : known) {
    if (evaluation.time_ns < std::numeric_limits<double>::infinity()) {
      offer_incumbent(evaluation.time_ns);
    }
  }
  task_.strategy->tell(known);
}

void Driver::offer_incumbent(double time_ns) {
  if (task_.objective != Objective::time) return;
  if (time_ns > 0 && (incumbent_ns_ == 0 || time_ns < incumbent_ns_)) incumbent_ns_ = time_ns;
}

std::string Driver::name_of_index(std::size_t index) const {
  return text_of(task_.space->knobs(), (*task_.space)[index]);
}

// Logs what the strategy is told, and the time that is to be beaten from now on.
void Driver::log_answer(const Evaluation& evaluation) {
  if (!log_.is_on()) return;
  log_.add("tell", {{"kernel", task_.kernel_name},
                    {"index", static_cast<std::int64_t>(evaluation.index)},
                    {"configuration", name_of_index(evaluation.index)},
                    {"time_ns", evaluation.time_ns},
                    {"incumbent_ns", incumbent_ns_}});
}

bool Driver::start(std::size_t index) {
  Asked asked{.index = index};
  const Configuration configuration = (*task_.space)[index];
  if (task_.least_time && incumbent_ns_ > 0) {
    const LeastTime least = task_.least_time(configuration);
    if (least.ns > incumbent_ns_) {
      asked.measurement = pruned(least, incumbent_ns_);
      if (log_.is_on()) {
        log_.add("prune", {{"kernel", task_.kernel_name},
                           {"configuration", name_of_index(index)},
                           {"reason", asked.measurement->note}});
      }
      asked_.push_back(std::move(asked));
      return false;
    }
  }
  Job job;
  job.problem = task_.problem_key;
  job.kernel = task_.kernel_name;
  job.configuration = text_of(task_.space->knobs(), configuration);
  job.incumbent_ns = incumbent_ns_;
  job.limits = task_.limits;
  job.seed = task_.seed;
  if (task_.lowering) {
    LoweredPlan lowered = task_.lowering->lower(*task_.kernel, configuration);
    if (!lowered.invalid.empty()) {
      asked.measurement.emplace();
      asked.measurement->outcome = Outcome::launch_failed;
      asked.measurement->note = lowered.invalid;
    }
    job.plan = std::move(lowered.plan);
  }
  const bool submit = !asked.measurement;
  asked_.push_back(std::move(asked));
  if (submit) jobs_.submit(index, std::move(job));
  return true;
}

void Driver::fill(std::int64_t& may_start) {
  while (may_start > 0 && outstanding() < device_.capacity()) {
    const std::vector<std::size_t> indices = task_.strategy->ask(1);
    if (indices.empty()) {
      exhausted_ = asked_.empty();
      if (exhausted_) log_.add("exhausted", {{"kernel", task_.kernel_name}});
      return;
    }
    if (log_.is_on()) {
      log_.add("ask", {{"kernel", task_.kernel_name},
                       {"index", static_cast<std::int64_t>(indices.front())},
                       {"configuration", name_of_index(indices.front())}});
    }
    if (start(indices.front())) --may_start;
  }
}

void Driver::wait(std::chrono::steady_clock::time_point deadline) {
  for (auto& [index, measurement] : jobs_.wait(deadline)) {
    const auto asked = std::find_if(asked_.begin(), asked_.end(), [&, at = index](const Asked& a) {
      return a.index == at && !a.measurement;
    });
    asked->measurement = std::move(measurement);
    asked->measurement->reject_below(task_.floor_ns);
  }
}

std::vector<Driver::Result> Driver::step(std::int64_t may_start,
                                         std::chrono::steady_clock::time_point deadline) {
  fill(may_start);
  const bool ready = !asked_.empty() && asked_.front().measurement;
  if (!asked_.empty() && !ready) wait(deadline);
  std::vector<Result> results;
  while (!asked_.empty() && asked_.front().measurement) {
    Result result{asked_.front().index, std::move(*asked_.front().measurement)};
    asked_.pop_front();
    const Evaluation evaluation{result.index, value_of(task_.objective, result.measurement)};
    if (evaluation.time_ns < std::numeric_limits<double>::infinity()) {
      offer_incumbent(evaluation.time_ns);
    }
    log_answer(evaluation);
    task_.strategy->tell({&evaluation, 1});
    results.push_back(std::move(result));
    fill(may_start);
  }
  return results;
}

}  // namespace tw
