// The parent's side of a GPU's device. A job has two stages: first the pool compiles its programs
// (or they are found in the cache), then the measuring worker runs it. While the worker runs a job,
// it already has the next one, so that the GPU does not wait for this process. Longer than 400
// lines: one class, whose steps share the queue of jobs.
#include "devices/gpu/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "devices/gpu/compile/compile_log.h"
#include "devices/gpu/compile/compile_pool.h"
#include "devices/gpu/compile/cubin_cache.h"
#include "devices/gpu/compile/verify_program.h"
#include "devices/gpu/protocol/messages.h"
#include "devices/process.h"

namespace tw::gpu {
namespace {

using Clock = std::chrono::steady_clock;
using CompiledPtr = std::shared_ptr<const Compiled>;

constexpr std::size_t in_worker_most = 2;
// for the start of the worker and its context
constexpr auto start_limit = std::chrono::seconds(60);
constexpr auto prepare_limit = std::chrono::seconds(120);  // also for the buffers and the oracle

// The programs of a job; the last two belong to Plan::plain.
enum Which : std::size_t { variant, oracle, verification, plain, plain_oracle, which_count };

// A job that is not finished yet.
struct Pending {
  Job job;
  // keys of the cache; empty if the job needs no such program
  std::array<std::string, which_count> keys;
  std::array<CompiledPtr, which_count> compiled;
  bool ready() const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i].empty() && !compiled[i]) return false;
    }
    return true;
  }
};

Module module_of(const CompiledPtr& compiled) {
  return compiled ? Module{compiled->cubin, compiled->names} : Module{};
}

std::string request_for(const Pending& pending, PartsSent& parts) {
  const auto module = [&](Which which) { return module_of(pending.compiled[which]); };
  return encode({pending.job, module(variant), module(oracle), module(verification), module(plain),
                 module(plain_oracle)},
                parts);
}

class GpuDevice final : public Device {
 public:
  GpuDevice(Platform platform, DeviceOptions options);
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 2 * workers_ + static_cast<int>(in_worker_most); }
  bool has_counters() const override { return true; }
  bool has_energy() const override { return has_energy_; }
  void submit(Job job) override;
  std::vector<Finished> wait(Clock::time_point deadline) override;
  void cancel() override;
  Activity activity() const override;
  std::vector<std::string> notices() override { return std::exchange(notices_, {}); }

 private:
  void start_measuring(Purpose purpose);
  void accept_greeting(const std::string& frame);
  void await_greeting();
  void need(Pending& pending, std::size_t which, const Program& program);
  void advance();
  void accept_compiled(std::uint64_t ticket, Compiled compiled);
  void settle_compiled();
  void feed_worker();
  bool accept_reply(const std::string& frame);
  void drop_worker();
  void front_begins();
  void front_ends(Outcome outcome, std::string note);
  void check_worker();
  void finish(const Pending& pending, Measurement measurement);
  Clock::time_point next_deadline() const;

  Platform platform_;
  DeviceOptions options_;
  int workers_;
  CompilePool pool_;
  CubinCache cache_;
  DeviceInfo info_;
  bool has_energy_ = false;
  std::string compiler_;
  std::map<std::uint64_t, std::string> compiling_;  // from a ticket to a key
  std::uint64_t next_ticket_ = 1;
  std::list<Pending> pending_;  // in the order of submission
  std::optional<WorkerProcess> worker_;
  PartsSent parts_;  // to the worker
  bool worker_greeted_ = false;
  bool worker_counts_ = false;     // the worker counts and does not time
  std::deque<Pending> in_worker_;  // the front one is running
  bool front_started_ = false;     // the buffers and the oracle of the front job are ready
  Clock::time_point front_deadline_{};
  std::vector<Finished> finished_;
  std::vector<std::string> notices_;
  std::set<std::string> said_;  // notices of workers; a restarted worker repeats them
};

int worker_count(const DeviceOptions& options) {
  if (options.compile_workers > 0) return options.compile_workers;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::filesystem::path cache_folder(const DeviceOptions& options) {
  if (!options.cache) return {};
  return options.cache_folder.empty() ? default_cache_folder()
                                      : std::filesystem::path(options.cache_folder);
}

GpuDevice::GpuDevice(Platform platform, DeviceOptions options)
    : platform_(std::move(platform)),
      options_(std::move(options)),
      workers_(worker_count(options_)),
      pool_(platform_, workers_,
            std::chrono::milliseconds(std::llround(std::max(1.0, options_.compile_timeout_ms)))),
      cache_(cache_folder(options_), options_.cache_bytes) {
  start_measuring(Purpose::measure);
  await_greeting();
  const CompilerGreeting& compiler = pool_.compiler();
  compiler_ = compiler.version + ' ' + compiler.identity;
  info_.toolchain = platform_.compiler + " " + compiler.version;
}

Activity GpuDevice::activity() const {
  return {.compiling = std::min(workers_, static_cast<int>(compiling_.size())),
          .compilers = workers_,
          .measuring = in_worker_.empty() ? 0 : 1,
          .measurers = 1};
}

void GpuDevice::start_measuring(Purpose purpose) {
  worker_counts_ = purpose == Purpose::counters;
  worker_.emplace(std::vector<std::string>{platform_.measure_role});
  parts_ = PartsSent();
  worker_->send(fmt::format("{}{}", options_.ordinal, worker_counts_ ? counting_word : ""));
  worker_greeted_ = false;
}

// Reads the worker's greeting. Throws Error if the device cannot be used.
void GpuDevice::accept_greeting(const std::string& frame) {
  worker_greeted_ = true;
  Greeting greeting = decode_greeting(frame);
  const bool is_restart = info_.kind != DeviceKind::unknown;
  if (!greeting.error.empty()) {
    throw Error(is_restart ? fmt::format("the device is gone: {}; what was measured is stored: run "
                                         "the same command again when it is back",
                                         greeting.error)
                           : greeting.error);
  }
  if (is_restart) return;  // the rest is known from the first start
  info_ = std::move(greeting.info);
  has_energy_ = greeting.has_energy;
  notices_.insert(notices_.end(), greeting.notices.begin(), greeting.notices.end());
}

void GpuDevice::await_greeting() {
  const auto deadline = Clock::now() + start_limit;
  while (!worker_greeted_) {
    const bool alive = worker_->alive();
    if (const auto frame = worker_->receive()) {
      accept_greeting(*frame);
    } else if (!alive) {
      throw Error("the measuring worker did not start: it " + worker_->end_reason());
    } else if (Clock::now() >= deadline) {
      throw Error(platform_.driver + " did not answer within 60 s");
    } else {
      const int descriptor = worker_->descriptor();
      wait_any({&descriptor, 1}, deadline);
    }
  }
}

void GpuDevice::submit(Job job) {
  Pending& pending = pending_.emplace_back();
  pending.job = std::move(job);
  const Plan& plan = pending.job.plan;
  need(pending, verification, verify_program());
  const Purpose purpose = pending.job.purpose;
  if (const OraclePlan& judge = plan.problem->oracle; judge.has_program()) {
    need(pending, oracle, judge.program);
  }
  if (purpose != Purpose::baseline) need(pending, variant, plan.program);
  if (purpose != Purpose::measure && purpose != Purpose::verify) pending.job.plan.plain.clear();
  if (!plan.plain.empty()) {
    need(pending, plain, plan.plain.front().program);
    need(pending, plain_oracle, plan.plain.front().problem->oracle.program);
  }
  advance();
}

// Finds the program in the cache or has it compiled, unless it is being compiled.
void GpuDevice::need(Pending& pending, std::size_t which, const Program& program) {
  const CompileRequest request{program, architecture_of(info_.cc), program.options};
  std::string& key = pending.keys[which];
  key = CubinCache::key(request, compiler_);
  pending.compiled[which] = cache_.find(key);
  if (pending.compiled[which]) return;
  const bool under_way = std::any_of(compiling_.begin(), compiling_.end(),
                                     [&](const auto& entry) { return entry.second == key; });
  if (under_way) return;
  compiling_.emplace(next_ticket_, key);
  pool_.submit(next_ticket_++, request);
}

void GpuDevice::accept_compiled(std::uint64_t ticket, Compiled compiled) {
  const auto found = compiling_.find(ticket);
  if (found == compiling_.end()) return;
  const std::string key = found->second;
  compiling_.erase(found);
  const auto result = std::make_shared<const Compiled>(std::move(compiled));
  if (result->ok) cache_.put(key, result);
  for (Pending& pending : pending_) {
    for (std::size_t i = 0; i < pending.keys.size(); ++i) {
      if (pending.keys[i] == key) pending.compiled[i] = result;
    }
  }
}

// Returns why a compiled program cannot be used; empty if it can, or is not compiled yet.
std::string failure_of(const CompiledPtr& compiled) {
  if (!compiled) return "";
  return compiled->ok ? rejection(compiled->log) : failure_line(compiled->log);
}

// Ends the jobs whose variant did not compile, or compiled to code that the configuration does not
// stand for. Throws Error if an oracle does not compile: this is a fault of the spec. A header that
// is missing is a fault of the machine or of the spec, too.
void GpuDevice::settle_compiled() {
  for (auto at = pending_.begin(); at != pending_.end();) {
    for (const CompiledPtr& compiled : at->compiled) {
      if (!compiled || compiled->fault.empty()) continue;
      const std::string fault = compiled->fault;
      cancel();
      throw Error(fault);
    }
    for (const Which which : {oracle, verification, plain_oracle}) {
      const CompiledPtr& compiled = at->compiled[which];
      if (!compiled || compiled->ok) continue;
      const std::string fault = fmt::format("the {} of {} does not compile: {}",
                                            which == verification ? "verification" : "reference",
                                            at->job.problem, failure_line(compiled->log));
      cancel();
      throw Error(fault);
    }
    std::string failure = failure_of(at->compiled[variant]);
    if (failure.empty()) {
      failure = failure_of(at->compiled[plain]);
      if (!failure.empty()) failure = "without its epilogue: " + failure;
    }
    if (failure.empty()) {
      ++at;
      continue;
    }
    Measurement measurement;
    measurement.outcome = Outcome::compile_failed;
    measurement.note = std::move(failure);
    finish(*at, std::move(measurement));
    at = pending_.erase(at);
  }
}

void GpuDevice::feed_worker() {
  while (in_worker_.size() < in_worker_most) {
    const auto next = std::find_if(pending_.begin(), pending_.end(),
                                   [](const Pending& pending) { return pending.ready(); });
    if (next == pending_.end()) return;
    const Purpose purpose = next->job.purpose;
    if (worker_ && worker_counts_ != (purpose == Purpose::counters)) {
      if (!in_worker_.empty()) return;  // the worker first finishes the jobs that it has
      worker_.reset();
    }
    if (!worker_) start_measuring(purpose);
    // the worker has ended; check_worker handles this
    if (!worker_->send(request_for(*next, parts_))) return;
    in_worker_.push_back(std::move(*next));
    pending_.erase(next);
    if (in_worker_.size() == 1) front_begins();
  }
}

void GpuDevice::front_begins() {
  front_started_ = false;
  front_deadline_ = Clock::now() + prepare_limit;
}

void GpuDevice::finish(const Pending& pending, Measurement measurement) {
  if (const CompiledPtr& compiled = pending.compiled[variant]) {
    measurement.compile_ms = compiled->ms;
    if (const std::string warning = ptxas_warning(compiled->log); !warning.empty()) {
      measurement.metrics["ptxas_warnings"] = 1;
      if (measurement.note.empty()) measurement.note = warning;
    }
  }
  finished_.push_back({pending.job.id, std::move(measurement)});
}

// Returns whether the worker continues; it ends after a fault.
bool GpuDevice::accept_reply(const std::string& frame) {
  MeasureReply reply = decode_measure_reply(frame);
  if (reply.kind == MeasureReply::Kind::fatal) {
    cancel();
    throw Error(reply.error);
  }
  if (!reply.notice.empty() && said_.insert(reply.notice).second) notices_.push_back(reply.notice);
  if (reply.kind == MeasureReply::Kind::waiting) {
    front_deadline_ = Clock::time_point::max();
    return true;
  }
  if (reply.kind == MeasureReply::Kind::turn) {
    front_begins();
    return true;
  }
  if (reply.kind == MeasureReply::Kind::started) {
    front_started_ = true;
    front_deadline_ = Clock::now() + std::chrono::milliseconds(
                                         std::llround(in_worker_.front().job.limits.timeout_ms));
    return true;
  }
  finish(in_worker_.front(), std::move(reply.finished.measurement));
  in_worker_.pop_front();
  front_begins();
  return !reply.ends;
}

// Jobs that the worker had but did not begin go back to the queue.
void GpuDevice::drop_worker() {
  worker_.reset();
  while (!in_worker_.empty()) {
    pending_.push_front(std::move(in_worker_.back()));
    in_worker_.pop_back();
  }
}

// Reports the job that ran when the worker was lost as the cause.
void GpuDevice::front_ends(Outcome outcome, std::string note) {
  if (!front_started_) {
    const std::string problem = in_worker_.front().job.problem;
    cancel();
    throw Error(
        fmt::format("the buffers and the reference of {} could not be prepared on the "
                    "device: {}",
                    problem, note));
  }
  Measurement measurement;
  measurement.outcome = outcome;
  measurement.note = std::move(note);
  finish(in_worker_.front(), std::move(measurement));
  in_worker_.pop_front();
  drop_worker();
}

void GpuDevice::check_worker() {
  if (!worker_) return;
  // asked first, because messages that it sent before its end count
  const bool alive = worker_->alive();
  while (const auto frame = worker_->receive()) {
    if (!worker_greeted_) {
      accept_greeting(*frame);
    } else if (!accept_reply(*frame)) {
      drop_worker();
      return;
    }
  }
  if (!alive) {
    const std::string reason = "the measuring process was lost: it " + worker_->end_reason();
    if (in_worker_.empty()) {
      drop_worker();
    } else {
      front_ends(Outcome::faulted, reason);
    }
  } else if (!in_worker_.empty() && Clock::now() >= front_deadline_) {
    front_ends(Outcome::timed_out,
               front_started_ ? fmt::format("verification and timing took longer than {:g} s",
                                            1e-3 * in_worker_.front().job.limits.timeout_ms)
                              : "it took longer than 120 s");
  }
}

void GpuDevice::advance() {
  for (CompilePool::Result& result : pool_.advance()) {
    accept_compiled(result.ticket, std::move(result.compiled));
  }
  check_worker();
  settle_compiled();
  feed_worker();
}

Clock::time_point GpuDevice::next_deadline() const {
  const auto next = pool_.next_deadline();
  return in_worker_.empty() ? next : std::min(next, front_deadline_);
}

std::vector<Finished> GpuDevice::wait(Clock::time_point deadline) {
  while (true) {
    advance();
    if (!finished_.empty() || Clock::now() >= deadline) break;
    if (pending_.empty() && in_worker_.empty()) break;
    std::vector<int> descriptors;
    pool_.add_descriptors(descriptors);
    if (worker_) descriptors.push_back(worker_->descriptor());
    const auto until = std::min(deadline, next_deadline());
    if (!wait_any(descriptors, until)) break;
  }
  return std::exchange(finished_, {});
}

void GpuDevice::cancel() {
  pool_.cancel();
  compiling_.clear();
  pending_.clear();
  finished_.clear();
  if (!in_worker_.empty()) worker_.reset();
  in_worker_.clear();
}

}  // namespace

std::unique_ptr<Device> open_device(Platform platform, DeviceOptions options) {
  return std::make_unique<GpuDevice>(std::move(platform), std::move(options));
}

}  // namespace tw::gpu
