#include "check/emit_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "core/lowering/lowering.h"
#include "core/model/emulated_work.h"
#include "core/plan/plan.h"
#include "devices/job_runner.h"
#include "emit/tuning/samples.h"
#include "emit/tuning/tuning.h"
#include "session/run/oracle_choice.h"

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;

// A check should take about a second. The emulation of the cpu device computes about 300 MFLOP/s; a
// reference on a GPU, in fp64 and without tiles, more than 100 GFLOP/s.
SampleSize size_for(const DeviceInfo& device) {
  SampleSize size;
  if (device.kind == DeviceKind::cpu) {
    size.flops = 16e6;
    size.own_flops = 400e6;
    size.bytes = 64 << 20;
    size.own_bytes = std::min<std::int64_t>(1 << 30, device.memory_bytes / 4);
  } else {
    size.flops = 40e9;
    size.own_flops = 20e12;
    size.bytes = 1 << 30;
    size.own_bytes = device.memory_bytes / 2;
  }
  return size;
}

std::string failure_of(const Measurement& measurement) {
  return fmt::format("{}{}{}", name_of(measurement.outcome), measurement.note.empty() ? "" : ": ",
                     measurement.note);
}

class Check {
 public:
  Check(EmitRequest& request, Device& device, const CheckOptions& options, Progress& progress,
        const std::function<bool()>& stopped)
      : request_(request),
        device_(device),
        jobs_(device),
        options_(options),
        progress_(progress),
        stopped_(stopped),
        begin_(Clock::now()) {
    target_ = tuning_of(request_).device;
    if (request_.winners.empty()) target_ = device_.info();
  }

  std::vector<LeftOut> run() {
    while (!stopped_()) {
      const Tuning tuning = tuning_of(request_);
      const std::vector<EmitSample> samples = samples_of(
          tuning, target_, options_.shapes, size_for(device_.info()), options_.seed, failed_);
      verify(samples);
      if (stopped_() || !leave_out(samples)) {
        enter(samples);
        break;
      }
    }
    progress_.clear();
    return std::move(left_out_);
  }

 private:
  const OpSpec& op() const { return request_.catalog->at(request_.op).op; }
  // Returns one text for the code that is compiled and the problem that it runs.
  std::string key_of(const EmitSample& sample) const {
    return fmt::format("{} {}: {}", sample.kernel->name,
                       text_of(sample.kernel->knobs, sample.configuration),
                       sample.problem.key(op()));
  }

  // Runs the samples whose results are not known yet; as many at once as keep the device busy.
  void verify(const std::vector<EmitSample>& samples) {
    std::vector<const EmitSample*> due;
    for (const EmitSample& sample : samples) {
      if (known_.emplace(key_of(sample), Measurement{}).second) due.push_back(&sample);
    }
    for (const EmitSample* sample : due) prepare(*sample);
    JobQueue<const EmitSample*> running(jobs_);
    std::size_t next = 0;
    status_.budget += static_cast<std::int64_t>(due.size());
    while ((next < due.size() || !running.is_idle()) && !stopped_()) {
      while (next < due.size() && running.size() < static_cast<std::size_t>(device_.capacity())) {
        const EmitSample* const sample = due[next++];
        running.submit(sample, job_of(*sample));
      }
      for (auto& [sample, measurement] : running.wait(Clock::now() + std::chrono::seconds(1))) {
        record(*sample, std::move(measurement));
      }
      show(running.is_idle() ? nullptr : running.first());
    }
    if (stopped_()) running.cancel();
  }
  static std::string lowering_key(const EmitSample& sample, const OpSpec& op) {
    return sample.kernel->name + " " + sample.problem.key(op);
  }
  // Lowers the problem. Without a reference, the results of the kernel's default configuration are
  // the expected ones.
  void prepare(const EmitSample& sample) {
    const auto [at, is_new] = lowerings_.try_emplace(lowering_key(sample, op()), *request_.catalog,
                                                     sample.problem, target_);
    if (!is_new || op().has_oracle() || stopped_()) return;
    const SearchSpace space = SearchSpace::enumerate(
        *sample.kernel, slots_of(op(), sample.kernel->names, sample.problem, target_));
    const OracleKernel kernel{sample.kernel, &space};
    const auto found = find_oracle({at->second, sample.problem.key(op()), {}, options_.seed},
                                   {&kernel, 1}, jobs_, stopped_);
    if (found) at->second.set_oracle(found->plan);
  }
  Job job_of(const EmitSample& sample) const {
    Job job;
    job.purpose = Purpose::verify;
    job.problem = sample.problem.key(op());
    job.kernel = sample.kernel->name;
    job.configuration = text_of(sample.kernel->knobs, sample.configuration);
    job.seed = options_.seed;
    if (device_.info().kind == DeviceKind::cpu) {
      const EmulatedWork work =
          emulated_work(op(), *sample.kernel, sample.problem, target_, sample.configuration);
      job.limits.timeout_ms =
          emulated_timeout_ms(emulated_calls * emulated_seconds(work), job.limits.timeout_ms);
    }
    job.plan =
        lowerings_.at(lowering_key(sample, op())).lower(*sample.kernel, sample.configuration).plan;
    return job;
  }
  void record(const EmitSample& sample, Measurement measurement) {
    ++status_.done;
    if (measurement.outcome != Outcome::ok) {
      ++status_.failed;
      if (options_.failed && !stopped_()) options_.failed(sample, measurement);
    }
    known_[key_of(sample)] = std::move(measurement);
  }
  void show(const EmitSample* running) {
    status_.what = running ? "check of " + running->kernel->name : "check";
    status_.elapsed_s = std::chrono::duration<double>(Clock::now() - begin_).count();
    progress_.update(status_);
  }

  // Leaves failed samples out. Returns whether there were any.
  bool leave_out(const std::vector<EmitSample>& samples) {
    const std::size_t before = left_out_.size();
    std::string last;
    for (const EmitSample& sample : samples) {
      const Measurement& measurement = known_.at(key_of(sample));
      if (measurement.outcome == Outcome::ok) continue;
      failed_.push_back(sample.problem);
      if (sample.subject == last) continue;
      last = sample.subject;
      const std::string configuration = text_of(sample.kernel->knobs, sample.configuration);
      left_out_.push_back({sample.subject, sample.is_default, sample.kernel->name, configuration,
                           sample.problem.key(op()), failure_of(measurement)});
      if (sample.is_default) {
        request_.rejected.push_back({sample.kernel->name, configuration, sample.problem});
      }
      std::erase_if(request_.winners, [&](const Winner& winner) {
        return problem_from_key(op(), winner.trial.context.situation.problem).key(op()) ==
               sample.subject;
      });
    }
    return left_out_.size() > before;
  }
  void enter(const std::vector<EmitSample>& samples) {
    request_.checked_on = device_.info().model;
    for (const EmitSample& sample : samples) ++request_.checked[sample.subject];
  }

  EmitRequest& request_;
  Device& device_;
  JobRunner jobs_;
  CheckOptions options_;
  Progress& progress_;
  const std::function<bool()>& stopped_;
  Clock::time_point begin_;
  // the device whose limits the header's branches must keep
  DeviceInfo target_;
  std::map<std::string, Measurement> known_;   // by key_of
  std::map<std::string, Lowering> lowerings_;  // by kernel and problem
  std::vector<Problem> failed_;
  std::vector<LeftOut> left_out_;
  Status status_;
};

}  // namespace

std::vector<LeftOut> check_before_emit(EmitRequest& request, Device& device,
                                       const CheckOptions& options, Progress& progress,
                                       const std::function<bool()>& stopped) {
  return Check(request, device, options, progress, stopped).run();
}

}  // namespace tw
