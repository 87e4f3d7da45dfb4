#include "session.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <thread>

#include "baselines/baseline.h"
#include "element_text.h"
#include "error.h"
#include "wall_time.h"

namespace tw::cuda {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::unique_ptr<CuptiTimer> open_cupti(std::vector<std::string>& notices) {
  const char* wanted = std::getenv("TILEWRIGHT_TIMER");
  if (wanted && wanted == std::string_view("events")) {
    notices.emplace_back("timed by events, as TILEWRIGHT_TIMER asks");
    return nullptr;
  }
  try {
    return std::make_unique<CuptiTimer>();
  } catch (const Error& error) {
    notices.push_back(fmt::format("timed by events, which include some microseconds of launch: {}",
                                  error.what()));
    return nullptr;
  }
}

// "tf32" of the key "gemm tf32 ..." or "gemm f32 math=tf32 ...".
bool allows_tf32(const std::string& problem_key) {
  return problem_key.find("tf32") != std::string::npos;
}
bool has_epilogue(const std::string& problem_key) {
  return problem_key.find("epilogue=") != std::string::npos;
}

std::map<std::string, BaselineArg> baseline_args(const Job& job, const Buffers& buffers) {
  std::map<std::string, BaselineArg> args;
  for (const auto& [word, arg] : job.baseline_args) {
    BaselineArg& value = args[word];
    value.integer = arg.value;
    value.scalar = arg.scalar;
    const bool by_pointers = arg.kind == ArgSpec::Kind::pointers;
    if (arg.kind != ArgSpec::Kind::tensor && !by_pointers) continue;
    const auto index = static_cast<std::size_t>(arg.index);
    const Buffers::Tensor& tensor = buffers.tensors()[index];
    const PlanTensor& planned = job.plan.tensors[index];
    value.pointer = by_pointers ? tensor.slices.address() : tensor.buffer.data();
    const auto step =
        by_pointers
            ? static_cast<CUdeviceptr>(planned.layout.strides.front() * size_of(planned.dtype))
            : CUdeviceptr{0};
    value.alignment = CUdeviceptr{1} << std::countr_zero(tensor.buffer.data() | step);
  }
  return args;
}

}  // namespace

Session::Session(int ordinal, Use use, std::int64_t guard_bytes)
    : ordinal_(ordinal),
      guard_bytes_(guard_bytes),
      cupti_timer_(use == Use::time ? open_cupti(notices_) : nullptr),
      context_(ordinal),
      event_timer_(context_),
      timer_(cupti_timer_ ? static_cast<Timer*>(cupti_timer_.get()) : &event_timer_),
      telemetry_(context_.info().uuid) {}

std::vector<std::string> Session::take_notices() { return std::exchange(notices_, {}); }

void Session::prepare(const MeasureRequest& request) {
  const std::string key = buffers_key(request.job, request.reference);
  try {
    if (!kernels_) {
      kernels_ = std::make_unique<VerifyKernels>(context_, request.verify, guard_bytes_);
      if (cupti_timer_) cupti_timer_->attach(*kernels_);
    }
    if (buffers_ && key == buffers_key_) return;
    buffers_.reset();
    buffers_.emplace(context_, *kernels_, request.job.plan, request.job.seed);
    if (request.job.plan.has_reference) {
      run_reference(context_, *buffers_, request.job.plan, request.reference);
      buffers_->seal();
    }
    buffers_key_ = key;
  } catch (const CudaFailure& failure) {
    buffers_.reset();
    if (failure.code == CUDA_ERROR_OUT_OF_MEMORY) {
      throw Error(
          fmt::format("the tensors of {} do not fit in what is free of the device's "
                      "memory: {}; take a smaller shape or free the device",
                      request.job.problem, failure.text));
    }
    throw Error(
        fmt::format("the reference of {} failed on the device, {}: no kernel can be "
                    "verified until it is mended",
                    request.job.problem, failure.text));
  }
}

Measurement Session::run(const MeasureRequest& request, bool& lost) {
  Measurement measurement;
  measurement.timer = timer_->name();
  lost = false;
  try {
    if (request.job.purpose == Purpose::baseline) {
      run_baseline(request, measurement);
    } else {
      run_variant(request, measurement);
    }
  } catch (const CudaFailure& failure) {
    lost = failure.is_fault() || !settle();
    measurement.outcome = lost ? Outcome::faulted : Outcome::launch_failed;
    measurement.note = failure.text;
    measurement.samples_ns.clear();
  }
  last_work_ = Clock::now();
  return measurement;
}

// After a launch that was refused: lets what was launched before it end. False if that faulted.
bool Session::settle() {
  try {
    context_.synchronise();
  } catch (const CudaFailure&) {
    return false;
  }
  timer_->collect_ns();
  return true;
}

void Session::run_variant(const MeasureRequest& request, Measurement& measurement) {
  Variant variant(context_, *kernels_, *buffers_, request.job.plan, request.variant);
  variant.describe(measurement);
  judge_subject(request.job,
                {.launch = [&] { variant.launch(); }, .damage = [&] { return variant.damage(); }},
                measurement);
}

void Session::run_baseline(const MeasureRequest& request, Measurement& measurement) {
  const Job& job = request.job;
  try {
    const auto baseline = make_baseline(
        job.baseline.library,
        {.call = job.baseline.call,
         .dtype = job.plan.tensors.empty() ? DType::f32 : job.plan.tensors.front().dtype,
         .math = allows_tf32(job.problem) ? "tf32" : "f32",
         .args = baseline_args(job, *buffers_)},
        context_);
    const Subject subject{.launch = [&] { baseline->launch(); },
                          .damage = [] { return std::string(); }};
    const Measurement blank = measurement;
    // The fastest algorithm whose results pass; every later round of a race takes the same.
    const std::string key = job.baseline.library + " " + job.problem;
    const auto known = algorithms_.find(key);
    const std::vector<int> order = known == algorithms_.end() ? by_time(job, *baseline, subject)
                                                              : std::vector<int>{known->second};
    for (const int algorithm : order) {
      baseline->choose(algorithm);
      measurement = blank;
      judge_subject(job, subject, measurement);
      if (measurement.outcome != Outcome::ok) continue;
      algorithms_[key] = algorithm;
      break;
    }
    if (measurement.outcome == Outcome::ok) {
      const std::string said = std::exchange(measurement.note, baseline->version());
      if (!said.empty()) measurement.note += ", " + said;
      if (has_epilogue(job.problem)) measurement.note += ", without the epilogue";
    }
  } catch (const Error& error) {
    measurement.outcome = Outcome::launch_failed;
    measurement.note = error.what();
  }
}

std::vector<int> Session::by_time(const Job& job, Baseline& baseline, const Subject& subject) {
  if (baseline.algorithms() == 1) return {0};
  wake_clocks();
  std::vector<std::pair<double, int>> timed;
  std::string complaint;
  for (int algorithm = 0; algorithm < baseline.algorithms(); ++algorithm) {
    try {
      baseline.choose(algorithm);
      take_batch(1, job.limits.cold_l2, subject);
      const std::vector<double> times = take_batch(3, job.limits.cold_l2, subject);
      timed.emplace_back(*std::min_element(times.begin(), times.end()), algorithm);
    } catch (const Error& error) {  // listed by the library, and refused
      complaint = error.what();
    }
  }
  if (timed.empty()) throw Error(complaint);
  std::sort(timed.begin(), timed.end());
  std::vector<int> order;
  for (const auto& [time_ns, algorithm] : timed) order.push_back(algorithm);
  return order;
}

void Session::judge_subject(const Job& job, const Subject& subject, Measurement& measurement) {
  constexpr double too_long_ns = 200e6;  // to be launched once more
  wake_clocks();
  if (job.purpose == Purpose::counters) return count(job, subject, measurement);
  const double first_ns = verify(job, subject, measurement);
  if (measurement.outcome != Outcome::ok || job.purpose == Purpose::verify) return;
  sample(job, subject, first_ns, measurement);
  const bool is_round = job.purpose == Purpose::race_round;
  if (!is_round && measurement.median_ns() < too_long_ns &&
      !measurement.metrics.contains("stopped_early")) {
    check_wall_time(subject, measurement);
  }
  // Once more after many runs: a race, or a workspace that is left dirty, shows only then.
  if (!measurement.metrics.contains("stopped_early")) verify(job, subject, measurement);
  if (measurement.outcome != Outcome::ok) measurement.samples_ns.clear();
}

void Session::count(const Job& job, const Subject& subject, Measurement& measurement) {
  try {
    if (!counters_) counters_.emplace(ordinal_);
    subject.launch();  // as timing does, past cold instruction caches
    const auto prepare = [&] {
      buffers_->restore_inout();
      if (job.limits.cold_l2) kernels_->flush_l2();
    };
    for (const auto& [name, value] : counters_->collect(context_, prepare, subject.launch)) {
      measurement.metrics[name] = value;
    }
  } catch (const Error& error) {
    measurement.outcome = Outcome::launch_failed;
    measurement.note = error.what();
  }
  measurement.timer.clear();
}

double Session::verify(const Job& job, const Subject& subject, Measurement& measurement) {
  buffers_->poison_outputs();
  const std::vector<double> first = take_batch(1, job.limits.cold_l2, subject);
  std::string damage = buffers_->damage();
  if (damage.empty()) damage = subject.damage();
  if (!damage.empty()) {
    measurement.outcome = Outcome::wrong_result;
    measurement.note = damage;
    buffers_key_.clear();  // the next job makes them anew
  } else if (job.plan.has_reference) {
    compare(job, measurement);
  }
  return first.front();
}

void Session::compare(const Job& job, Measurement& measurement) {
  const Plan& plan = job.plan;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const Buffers::Tensor& tensor = buffers_->tensors()[i];
    if (tensor.expected.bytes() == 0) continue;
    const PlanTensor& spec = plan.tensors[i];
    const Comparison found = kernels_->compare(tensor.buffer.data(), tensor.expected.address(),
                                               tensor.magnitude.address(), tensor.before.address(),
                                               spec.layout, spec.dtype, plan.tolerance_ulps);
    measurement.error_ulps = std::max(measurement.error_ulps, found.worst_ulps);
    if (found.touched > 0) {
      measurement.outcome = Outcome::wrong_result;
      measurement.note =
          fmt::format("it writes {} elements between the rows of {}", found.touched, spec.name);
      return;
    }
    if (found.wrong == 0) continue;
    std::int64_t elements = 1;
    for (const std::int64_t extent : spec.layout.shape) elements *= extent;
    measurement.outcome = Outcome::wrong_result;
    measurement.note = fmt::format(
        "{} {}, expected {:.9g}, error {:.3g} ulps where {:g} are allowed, {:.3g} % of the "
        "elements wrong",
        element_name(spec, found.worst_at),
        found_text(tensor.buffer.data(), found.worst_at, spec.dtype, tensor.before.bytes() == 0),
        element_value(tensor.expected.address(), found.worst_at, DType::f64), found.worst_ulps,
        plan.tolerance_ulps,
        100.0 * static_cast<double>(found.wrong) / static_cast<double>(elements));
    return;
  }
}

void Session::sample(const Job& job, const Subject& subject, double first_ns,
                     Measurement& measurement) {
  const bool cold = job.limits.cold_l2;
  const auto start = Clock::now();
  const double clock_before = telemetry_.sm_clock_mhz();
  Sampling sampling =
      take_samples({.take = [&](int count) { return take_batch(count, cold, subject); },
                    .is_throttled = [&] { return telemetry_.is_throttled(); },
                    .spent_ms = [&] { return ms_since(start); },
                    .rest = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }},
                   job.limits, job.purpose == Purpose::baseline ? 0 : job.incumbent_ns, first_ns);
  if (sampling.verdict == Verdict::hopeless) measurement.metrics["stopped_early"] = 1;
  if (sampling.dropped > 0) measurement.metrics["dropped_samples"] = sampling.dropped;
  if (sampling.throttled > 0) note_throttled(sampling, measurement);
  measurement.samples_ns = std::move(sampling.samples_ns);
  measurement.timer = timer_->name();
  measurement.metrics["sm_clock_before_mhz"] = clock_before;
  measurement.metrics["sm_clock_mhz"] = telemetry_.sm_clock_mhz();
  measurement.metrics["sm_clock_max_mhz"] = info().sm_clock_mhz;
  telemetry_.add_metrics(measurement.metrics);
}

void Session::note_throttled(const Sampling& sampling, Measurement& measurement) {
  measurement.metrics["throttled_samples"] = sampling.throttled;
  if (measurement.note.empty()) {
    measurement.note = fmt::format("{} of its {} samples were taken at a throttled clock",
                                   sampling.throttled, sampling.samples_ns.size());
  }
  if (!std::exchange(said_throttled_, true)) {
    notices_.emplace_back(
        "the GPU is held back by heat or by its power supply: times of rows that have "
        "throttled_samples are of a slowed GPU");
  }
}

// Work that no kernel's record shows, a copy or a stream of its own, would make a time too short.
void Session::check_wall_time(const Subject& subject, Measurement& measurement) {
  const double counted_ns = measurement.median_ns();
  const double found_ns = wall_ns(subject.launch, counted_ns);
  timer_->collect_ns();
  measurement.metrics["wall_ns"] = found_ns;
  const double missed_ns = unaccounted_ns(found_ns, counted_ns);
  if (missed_ns <= 0) return;
  measurement.metrics["unaccounted_ns"] = missed_ns;
  measurement.note = fmt::format(
      "a launch takes {:.0f} us of wall time, of which its kernels account for {:.0f} us: it does "
      "work that its time misses",
      1e-3 * found_ns, 1e-3 * counted_ns);
}

void Session::put_sample(bool cold_l2, const Subject& subject) {
  buffers_->restore_inout();
  if (cold_l2) kernels_->flush_l2();
  timer_->begin();
  subject.launch();
  timer_->end();
}

std::vector<double> Session::take_batch(int count, bool cold_l2, const Subject& subject) {
  for (int i = 0; i < count; ++i) put_sample(cold_l2, subject);
  context_.synchronise();
  std::vector<double> samples = timer_->collect_ns();
  if (timer_ != &event_timer_ && std::find(samples.begin(), samples.end(), 0.0) != samples.end()) {
    distrust_cupti();
  }
  return samples;
}

void Session::distrust_cupti() {
  constexpr int patience = 3;
  if (++lost_batches_ < patience) return;
  timer_ = &event_timer_;
  notices_.emplace_back("timed by events from now on: CUPTI loses records of kernels");
}

// An idle GPU lowers its clocks, and takes some milliseconds of work to raise them again.
void Session::wake_clocks() {
  constexpr double idle_ms = 200, work_ms = 30;
  if (ms_since(last_work_) < idle_ms) return;
  const auto start = Clock::now();
  while (ms_since(start) < work_ms) {
    for (int i = 0; i < 10; ++i) kernels_->flush_l2();
    context_.synchronise();
  }
  timer_->collect_ns();  // the records of this work
}

}  // namespace tw::cuda
