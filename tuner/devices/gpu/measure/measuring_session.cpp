// Longer than 400 lines: one class, whose steps share the buffers and the timer of one job.
#include "devices/gpu/measure/measuring_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/error.h"
#include "devices/comparison.h"
#include "devices/gpu/measure/element_text.h"
#include "devices/gpu/measure/energy.h"
#include "devices/gpu/measure/wall_time.h"

namespace tw::gpu {
namespace {

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
    const PlanTensor& planned = job.plan.problem->tensors[index];
    value.pointer = by_pointers ? tensor.slices.address() : tensor.buffer.data();
    const auto step =
        by_pointers ? static_cast<Address>(planned.layout.strides.front() * size_of(planned.dtype))
                    : Address{0};
    value.alignment = Address{1} << std::countr_zero(tensor.buffer.data() | step);
  }
  return args;
}

}  // namespace

MeasuringSession::MeasuringSession(Runtime& runtime, std::int64_t guard_bytes, HostClock clock)
    : runtime_(runtime),
      guard_bytes_(guard_bytes),
      clock_(std::move(clock)),
      notices_(runtime.take_notices()),
      timer_(&runtime.timer()) {}

std::vector<std::string> MeasuringSession::take_notices() { return std::exchange(notices_, {}); }

// Returns the kept buffers for the key, or makes new ones with the oracle's results for both sets
// of inputs. Drops the least recently used buffers if there are too many. Throws Failure.
Buffers& MeasuringSession::buffers_for(const std::shared_ptr<const ProblemPlan>& problem,
                                       std::uint64_t seed, const Module& oracle) {
  constexpr std::size_t most = 2;  // a problem with and without its chain
  const std::string key = buffers_key(*problem, seed, oracle);
  const auto known =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.key == key; });
  if (known != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, known);
    return kept_.front().buffers;
  }
  while (kept_.size() >= most) kept_.pop_back();
  kept_.push_front({key, Buffers(runtime_, *kernels_, *problem, seed)});
  Buffers& made = kept_.front().buffers;
  if (problem->oracle.kind == OraclePlan::Kind::none) return made;
  try {
    for (const Inputs inputs : {Inputs::second, Inputs::first}) {
      made.select(inputs);
      run_oracle(runtime_, *kernels_, made, problem, oracle);
      made.seal();
    }
  } catch (const Failure&) {
    kept_.pop_front();
    throw;
  }
  return made;
}

void MeasuringSession::prepare(const MeasureRequest& request) {
  buffers_ = plain_ = nullptr;
  const auto make = [&] {
    return &buffers_for(request.job.plan.problem, request.job.seed, request.oracle);
  };
  try {
    if (!kernels_) {
      kernels_ = std::make_unique<VerifyKernels>(runtime_, request.verify, guard_bytes_);
      timer_->set_mark([kernels = kernels_.get()] { kernels->mark(); });
    }
    try {
      buffers_ = make();
    } catch (const Failure& failure) {
      if (!failure.is_out_of_memory() || kept_.empty()) throw;
      kept_.clear();
      buffers_ = make();
    }
    prepare_plain(request);
  } catch (const Failure& failure) {
    kept_.clear();
    if (failure.is_out_of_memory()) {
      throw Error(
          fmt::format("the tensors of {} do not fit in the device's free memory: {}; use a smaller "
                      "shape or free memory",
                      request.job.problem, failure.text));
    }
    throw Error(
        fmt::format("the reference of {} failed on the device, {}: no kernel can be verified until "
                    "the reference is repaired",
                    request.job.problem, failure.text));
  }
}

// Prepares the buffers of the problem without its chain, beside the job's own buffers, if there is
// room for both.
void MeasuringSession::prepare_plain(const MeasureRequest& request) {
  if (request.job.plan.plain.empty()) return;
  try {
    plain_ = &buffers_for(request.job.plan.plain.front().problem, request.job.seed,
                          request.plain_oracle);
  } catch (const Failure& failure) {
    if (!failure.is_out_of_memory()) throw;
    if (!std::exchange(said_plain_, true)) {
      notices_.push_back(
          fmt::format("{} is not verified without its epilogue: the tensors of both do not fit in "
                      "the device's memory",
                      request.job.problem));
    }
  }
}

Measurement MeasuringSession::run(const MeasureRequest& request, bool& lost) {
  Measurement measurement;
  measurement.timer = timer_->name();
  lost = false;
  try {
    if (request.job.purpose == Purpose::baseline) {
      run_baseline(request, measurement);
    } else {
      run_variant(request, measurement);
    }
  } catch (const Failure& failure) {
    lost = failure.is_fault() || !settle();
    measurement.outcome = lost ? Outcome::faulted : Outcome::launch_failed;
    measurement.note = failure.text;
    measurement.samples_ns.clear();
  }
  last_work_ = clock_.now();
  return measurement;
}

// Called after a launch that was refused: waits for the launches before it. Returns false if they
// faulted.
bool MeasuringSession::settle() {
  try {
    runtime_.synchronise();
  } catch (const Failure&) {
    return false;
  }
  timer_->collect_ns();
  return true;
}

void MeasuringSession::run_variant(const MeasureRequest& request, Measurement& measurement) {
  verify_plain(request, measurement);
  if (measurement.outcome != Outcome::ok) return;
  Variant variant(runtime_, *kernels_, *buffers_, request.job.plan, request.variant);
  variant.describe(measurement);
  judge_subject(request.job,
                {.inputs_changed = [&] { variant.copy_constants(); },
                 .launch = [&] { variant.launch(); },
                 .damage = [&] { return variant.damage(); }},
                measurement);
}

void MeasuringSession::verify_plain(const MeasureRequest& request, Measurement& measurement) {
  if (!plain_) return;
  const Plan& plan = request.job.plan.plain.front();
  Buffers* const own = std::exchange(buffers_, plain_);
  Variant variant(runtime_, *kernels_, *buffers_, plan, request.plain);
  const Subject subject{.inputs_changed = [&] { variant.copy_constants(); },
                        .launch = [&] { variant.launch(); },
                        .damage = [&] { return variant.damage(); }};
  const bool cold_l2 = request.job.limits.cold_l2;
  verify(*plan.problem, cold_l2, Inputs::first, subject, measurement);
  if (measurement.outcome == Outcome::ok) {
    verify(*plan.problem, cold_l2, Inputs::second, subject, measurement);
  }
  if (measurement.outcome != Outcome::ok) {
    measurement.note = "without its epilogue: " + measurement.note;
  }
  buffers_ = own;
}

void MeasuringSession::run_baseline(const MeasureRequest& request, Measurement& measurement) {
  const Job& job = request.job;
  try {
    const auto baseline =
        runtime_.baseline(job.baseline.library, {.call = job.baseline.call,
                                                 .dtype = job.plan.problem->storage,
                                                 .math = job.math,
                                                 .args = baseline_args(job, *buffers_)});
    const Subject subject{.inputs_changed = [] {},
                          .launch = [&] { baseline->launch(); },
                          .damage = [] { return std::string(); }};
    const Measurement blank = measurement;
    // Take the fastest algorithm whose results pass. Every later round of a race takes the same
    // algorithm.
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
      if (job.without_epilogue) measurement.note += ", without the epilogue";
    }
  } catch (const Error& error) {
    measurement.outcome = Outcome::launch_failed;
    measurement.note = error.what();
  }
}

std::vector<int> MeasuringSession::by_time(const Job& job, Baseline& baseline,
                                           const Subject& subject) {
  if (baseline.algorithms() == 1) return {0};
  wake_clocks();
  buffers_->select(Inputs::first);
  std::vector<std::pair<double, int>> timed;
  std::string complaint;
  for (int algorithm = 0; algorithm < baseline.algorithms(); ++algorithm) {
    try {
      baseline.choose(algorithm);
      take_batch(1, job.limits.cold_l2, subject);
      const std::vector<double> times = take_batch(3, job.limits.cold_l2, subject);
      timed.emplace_back(*std::min_element(times.begin(), times.end()), algorithm);
    } catch (const Error& error) {  // the library lists the algorithm but refuses it
      complaint = error.what();
    }
  }
  if (timed.empty()) throw Error(complaint);
  std::sort(timed.begin(), timed.end());
  std::vector<int> order;
  for (const auto& [time_ns, algorithm] : timed) order.push_back(algorithm);
  return order;
}

void MeasuringSession::judge_subject(const Job& job, const Subject& subject,
                                     Measurement& measurement) {
  constexpr double too_long_ns = 200e6;  // longer launches are not repeated
  wake_clocks();
  if (job.purpose == Purpose::counters) return count(job, subject, measurement);
  const bool cold_l2 = job.limits.cold_l2;
  const double first_ns = verify(*job.plan.problem, cold_l2, Inputs::first, subject, measurement);
  if (measurement.outcome != Outcome::ok) return;
  if (job.purpose == Purpose::verify) {
    verify(*job.plan.problem, cold_l2, Inputs::second, subject, measurement);
    return;
  }
  sample(job, subject, first_ns, measurement);
  const bool is_round = job.purpose == Purpose::race_round;
  if (!is_round && measurement.median_ns() < too_long_ns &&
      !measurement.metrics.contains("stopped_early")) {
    check_wall_time(subject, measurement);
  }
  if (job.limits.energy_ms > 0) measure_energy(job, subject, measurement);
  // A race, or a workspace that is left dirty, shows only after many runs; the second set of inputs
  // shows more.
  if (!measurement.metrics.contains("stopped_early")) {
    verify(*job.plan.problem, cold_l2, Inputs::second, subject, measurement);
  }
  if (measurement.outcome != Outcome::ok) measurement.samples_ns.clear();
}

void MeasuringSession::count(const Job& job, const Subject& subject, Measurement& measurement) {
  try {
    Counters& counters = runtime_.counters();
    buffers_->select(Inputs::first);
    subject.inputs_changed();
    subject.launch();  // as in timing: beyond the cold instruction caches
    const auto prepare = [&] {
      buffers_->restore_inout();
      if (job.limits.cold_l2) kernels_->flush_l2();
    };
    for (const auto& [name, value] : counters.collect(prepare, subject.launch)) {
      measurement.metrics[name] = value;
    }
  } catch (const Error& error) {
    measurement.outcome = Outcome::launch_failed;
    measurement.note = error.what();
  }
  measurement.timer.clear();
}

double MeasuringSession::verify(const ProblemPlan& plan, bool cold_l2, Inputs inputs,
                                const Subject& subject, Measurement& measurement) {
  buffers_->select(inputs);
  subject.inputs_changed();
  buffers_->poison_outputs();
  const std::vector<double> first = take_batch(1, cold_l2, subject);
  std::string damage = buffers_->damage();
  if (damage.empty()) damage = subject.damage();
  if (!damage.empty()) {
    measurement.outcome = Outcome::wrong_result;
    measurement.note = damage;
    for (Kept& one : kept_) one.key.clear();  // the next job makes new ones
  } else if (plan.oracle.kind == OraclePlan::Kind::none) {
    note_unwritten(plan, measurement);
  } else {
    compare(plan, measurement);
  }
  if (measurement.outcome != Outcome::ok && inputs == Inputs::second) {
    measurement.note += " (on the second set of inputs)";
  }
  return first.front();
}

// Notes what no run wrote: floating-point elements after the first set of inputs, integers after
// both.
void MeasuringSession::note_unwritten(const ProblemPlan& plan, Measurement& measurement) {
  const bool is_second = buffers_->inputs() == Inputs::second;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[i];
    if (!tensor.is_compared() || tensor.is_restored()) continue;
    const Buffers::Tensor& made = buffers_->tensors()[i];
    const Buffers::Oracle& oracle = buffers_->oracle(i);
    const Address before = is_second ? made.oracles.front().expected.address() : 0;
    const std::int64_t written =
        kernels_->expect(made.buffer.data(), tensor, buffers_->poison_word(tensor), before,
                         oracle.expected.address(), oracle.magnitude.address());
    if (is_integer(tensor.dtype) == is_second) tw::note_unwritten(tensor, written, measurement);
  }
}

void MeasuringSession::compare(const ProblemPlan& plan, Measurement& measurement) {
  double& used = measurement.metrics[std::string(tolerance_used)];
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[i];
    if (!tensor.is_compared()) continue;
    const Buffers::Tensor& actual = buffers_->tensors()[i];
    const Buffers::Oracle& oracle = buffers_->oracle(i);
    const Comparison found =
        kernels_->compare(actual.buffer.data(), oracle.expected.address(),
                          oracle.magnitude.address(), actual.before.address(), tensor.layout,
                          rule_of(plan, tensor), buffers_->poison_word(tensor));
    measurement.error_ulps = std::max(measurement.error_ulps, found.worst_ulps);
    used = std::max(used, found.used);
    if (found.is_right()) continue;
    const std::uint64_t bits =
        element_bits(runtime_, actual.buffer.data(), found.worst_at, tensor.dtype);
    const auto wide = [&](const DeviceMemory& memory) {
      return element_value(runtime_, memory.address(), found.worst_at, DType::f64);
    };
    measurement.outcome = Outcome::wrong_result;
    measurement.note =
        describe(plan, tensor, found,
                 {bits, wide(oracle.expected), wide(oracle.magnitude),
                  tensor.is_restored() ||
                      !verify::equals_poison(bits, static_cast<int>(tensor.dtype), found.worst_at,
                                             buffers_->poison_word(tensor))});
    return;
  }
}

void MeasuringSession::sample(const Job& job, const Subject& subject, double first_ns,
                              Measurement& measurement) {
  const bool cold = job.limits.cold_l2;
  const auto start = clock_.now();
  const double clock_before = runtime_.sm_clock_mhz();
  Sampling sampling =
      take_samples({.take = [&](int count) { return take_batch(count, cold, subject); },
                    .is_throttled = [&] { return runtime_.is_throttled(); },
                    .spent_ms = [&] { return clock_.ms_since(start); },
                    .rest = [&] { clock_.sleep(std::chrono::milliseconds(20)); }},
                   job.limits, job.purpose == Purpose::baseline ? 0 : job.incumbent_ns, first_ns);
  if (sampling.decision == SamplingDecision::hopeless) measurement.metrics["stopped_early"] = 1;
  if (sampling.dropped > 0) measurement.metrics["dropped_samples"] = sampling.dropped;
  if (sampling.throttled > 0) note_throttled(sampling, measurement);
  measurement.samples_ns = std::move(sampling.samples_ns);
  measurement.timer = timer_->name();
  measurement.metrics["sm_clock_before_mhz"] = clock_before;
  measurement.metrics["sm_clock_mhz"] = runtime_.sm_clock_mhz();
  measurement.metrics["sm_clock_max_mhz"] = info().sm_clock_mhz;
  runtime_.add_telemetry(measurement.metrics);
}

void MeasuringSession::note_throttled(const Sampling& sampling, Measurement& measurement) {
  measurement.metrics["throttled_samples"] = sampling.throttled;
  if (measurement.note.empty()) {
    measurement.note = fmt::format("{} of its {} samples were taken at a throttled clock",
                                   sampling.throttled, sampling.samples_ns.size());
  }
  if (!std::exchange(said_throttled_, true)) {
    notices_.emplace_back(
        "heat or the power supply slows the GPU down: rows with throttled_samples have times of a "
        "slow GPU");
  }
}

// If the launch does work that no kernel record shows, such as a copy or work on its own stream,
// the measured time would be too short.
void MeasuringSession::check_wall_time(const Subject& subject, Measurement& measurement) {
  const double counted_ns = measurement.median_ns();
  const double found_ns = wall_ns(runtime_, clock_, subject.launch, counted_ns);
  timer_->collect_ns();
  measurement.metrics["wall_ns"] = found_ns;
  const double missed_ns = unaccounted_ns(found_ns, counted_ns);
  if (missed_ns <= 0) return;
  measurement.metrics["unaccounted_ns"] = missed_ns;
  measurement.note = fmt::format(
      "a launch takes {:.0f} us of wall time, but its kernels take {:.0f} us: its time misses some "
      "work",
      1e-3 * found_ns, 1e-3 * counted_ns);
}

// Without the flush of L2, whose energy could not be told from that of the launch.
void MeasuringSession::measure_energy(const Job& job, const Subject& subject,
                                      Measurement& measurement) {
  constexpr int between_records = 64;  // batches, after which the timer's records are discarded
  int batches = 0;
  const EnergySource source{.counter_mj = [&] { return runtime_.energy_mj().value_or(0); },
                            .launch =
                                [&](int count) {
                                  buffers_->restore_inout();
                                  for (int i = 0; i < count; ++i) subject.launch();
                                },
                            .wait =
                                [&] {
                                  runtime_.synchronise_device("while it ran");
                                  if (++batches % between_records == 0) timer_->collect_ns();
                                },
                            .clock = clock_};
  const auto energy = gpu::measure_energy(source, measurement.median_ns(), job.limits.energy_ms);
  timer_->collect_ns();
  if (!energy) {
    throw Error(
        fmt::format("the energy counter of {} stands still: run the same command again, or use "
                    "--objective time",
                    info().model));
  }
  measurement.energy_mj = energy->mj;
  measurement.mean_power_w = energy->mean_power_w;
}

void MeasuringSession::put_sample(bool cold_l2, const Subject& subject) {
  buffers_->restore_inout();
  if (cold_l2) kernels_->flush_l2();
  timer_->begin();
  subject.launch();
  timer_->end();
}

std::vector<double> MeasuringSession::take_batch(int count, bool cold_l2, const Subject& subject) {
  for (int i = 0; i < count; ++i) put_sample(cold_l2, subject);
  runtime_.synchronise();
  std::vector<double> samples = timer_->collect_ns();
  const bool can_fall_back = timer_ != &runtime_.fallback_timer();
  if (can_fall_back && std::find(samples.begin(), samples.end(), 0.0) != samples.end()) {
    distrust_timer();
  }
  return samples;
}

void MeasuringSession::distrust_timer() {
  constexpr int patience = 3;
  if (++lost_batches_ < patience) return;
  Timer& lossy = *std::exchange(timer_, &runtime_.fallback_timer());
  notices_.push_back(fmt::format("timed by {} from now on: {} loses records of kernels",
                                 timer_->title(), lossy.title()));
}

// An idle GPU lowers its clocks, and needs some milliseconds of work to raise them again.
void MeasuringSession::wake_clocks() {
  constexpr double idle_ms = 200, work_ms = 30;
  if (clock_.ms_since(last_work_) < idle_ms) return;
  const auto start = clock_.now();
  while (clock_.ms_since(start) < work_ms) {
    for (int i = 0; i < 10; ++i) kernels_->flush_l2();
    runtime_.synchronise();
  }
  timer_->collect_ns();  // discards the records of this work
}

}  // namespace tw::gpu
