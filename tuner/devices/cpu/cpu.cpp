#include "devices/cpu/cpu.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "devices/cpu/compile/host_compiler.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/frames.h"
#include "devices/process.h"

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;
using cpu::frame_compiled, cpu::frame_error, cpu::frame_finished, cpu::frame_last,
    cpu::frame_started;

constexpr double max_compile_ms = 120'000;
constexpr double max_oracle_ms = 1'800'000;
constexpr std::uintmax_t max_cache_bytes = 512u << 20;

DeviceInfo describe(int emulated_cc) {
  DeviceInfo info = emulated_device(emulated_cc);
  info.kind = DeviceKind::cpu;
  info.model = fmt::format("cpu emulating sm_{}", emulated_cc);
  info.toolchain = cpu::host_compiler().version;
  info.memory_bytes =
      static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  // The peaks of the emulated target do not bound times here.
  info.sm_clock_mhz = info.memory_bandwidth = 0;
  info.f32_flops = info.tf32_flops = info.bf16_flops = 0;
  return info;
}

Clock::time_point after_ms(double ms) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(ms));
}

struct Message {
  cpu::Frame kind = frame_error;
  std::string text;
  Finished finished;
};

// Decodes the frame of a worker that has this job. Throws Error if the frame is not valid for it.
Message message_of(const std::string& frame, std::uint64_t job) {
  Message message;
  message.text = frame.substr(std::min<std::size_t>(1, frame.size()));
  message.kind = static_cast<cpu::Frame>(frame.empty() ? '\0' : frame.front());
  switch (message.kind) {
    case frame_compiled:
    case frame_started:
    case frame_error:
      return message;
    case frame_finished:
    case frame_last:
      message.finished = parse_finished(message.text);
      if (message.finished.id == job) return message;
  }
  throw Error("a worker of the cpu device sent a malformed message");
}

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(int emulated_cc) : info_(describe(emulated_cc)) {
    cpu::trim_cache(cpu::module_folder(), max_cache_bytes);
    slots_.resize(std::max(1u, std::thread::hardware_concurrency()));
  }

  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return static_cast<int>(slots_.size()) + 1; }

  void submit(Job job) override {
    queue_.push_back(std::move(job));
    dispatch();
  }

  std::vector<Finished> wait(Clock::time_point deadline) override {
    collect();
    if (finished_.empty()) {
      std::vector<int> descriptors;
      Clock::time_point wake = deadline;
      for (const Slot& slot : slots_) {
        if (!slot.job) continue;
        descriptors.push_back(slot.process->descriptor());
        descriptors.push_back(slot.process->end_descriptor());
        wake = std::min(wake, slot.deadline);
      }
      wait_any(descriptors, wake);
      collect();
    }
    return std::exchange(finished_, {});
  }

  Activity activity() const override {
    Activity activity;
    activity.compilers = activity.measurers = static_cast<int>(slots_.size());
    for (const Slot& slot : slots_) {
      if (!slot.job) continue;
      ++(slot.phase == Slot::Phase::compiling ? activity.compiling : activity.measuring);
    }
    return activity;
  }

  std::vector<std::string> notices() override { return std::exchange(notices_, {}); }

  void cancel() override {
    queue_.clear();
    finished_.clear();
    for (Slot& slot : slots_) {
      if (slot.job) slot = Slot{};
    }
  }

 private:
  struct Slot {
    std::optional<WorkerProcess> process;
    PartsSent parts{};  // to the process
    std::optional<Job> job;
    enum class Phase { compiling, asking_oracle, running } phase = Phase::compiling;
    Clock::time_point deadline;
  };

  // Gives queued jobs to idle workers, and starts workers that do not run.
  void dispatch() {
    for (Slot& slot : slots_) {
      if (queue_.empty()) return;
      if (slot.job) continue;
      const Job& job = queue_.front();
      if (!slot.process || !slot.process->alive() || !send(slot, job)) {
        slot.process.emplace(std::vector<std::string>{"cpu"});
        slot.parts = PartsSent();
        if (!send(slot, job)) throw Error("cannot start a worker of the cpu device");
      }
      slot.job = std::move(queue_.front());
      queue_.pop_front();
      slot.phase = Slot::Phase::compiling;
      slot.deadline = after_ms(max_compile_ms);
    }
  }

  static bool send(Slot& slot, const Job& job) {
    return slot.process->send(serialise(job, slot.parts));
  }

  void collect() {
    for (Slot& slot : slots_) {
      if (!slot.job) continue;
      read_frames(slot);
      if (slot.job && !slot.process->alive()) {
        read_frames(slot);  // read the last messages of the worker
        if (slot.job) fail(slot, Outcome::faulted, slot.process->end_reason());
      } else if (slot.job && Clock::now() >= slot.deadline) {
        slot.process->kill();
        expire(slot);
      }
    }
    dispatch();
  }

  void read_frames(Slot& slot) {
    while (slot.job) {
      Message message;
      try {
        const auto frame = slot.process->receive();
        if (!frame) return;
        message = message_of(*frame, slot.job->id);
      } catch (const Error&) {  // a kernel can write to its worker's descriptors
        slot.process.reset();
        return fail(slot, Outcome::faulted, "wrote to a descriptor of the process that ran it");
      }
      take(slot, message);
    }
  }

  void take(Slot& slot, Message& message) {
    switch (message.kind) {
      case frame_compiled:
        slot.phase = Slot::Phase::asking_oracle;
        slot.deadline = after_ms(max_oracle_ms);
        break;
      case frame_started:
        slot.phase = Slot::Phase::running;
        slot.deadline = after_ms(slot.job->limits.timeout_ms);
        break;
      case frame_finished:
      case frame_last:
        finished_.push_back(std::move(message.finished));
        slot.job.reset();
        if (message.kind == frame_last) slot.process.reset();
        break;
      case frame_error:
        slot.job.reset();
        throw Error(message.text);
    }
  }

  void expire(Slot& slot) {
    switch (slot.phase) {
      case Slot::Phase::compiling:
        return fail(slot, Outcome::compile_failed,
                    fmt::format("the compiler took more than {:.0f} s", max_compile_ms / 1000));
      case Slot::Phase::asking_oracle:
        return fail(slot, Outcome::timed_out,
                    fmt::format("the reference took more than {:.0f} s", max_oracle_ms / 1000));
      case Slot::Phase::running:
        return fail(slot, Outcome::timed_out,
                    fmt::format("no result after {:.3g} s", slot.job->limits.timeout_ms / 1000));
    }
  }

  void fail(Slot& slot, Outcome outcome, std::string note) {
    Finished finished;
    finished.id = slot.job->id;
    finished.measurement.outcome = outcome;
    finished.measurement.note = std::move(note);
    finished_.push_back(std::move(finished));
    slot.job.reset();
  }

  DeviceInfo info_;
  std::vector<Slot> slots_;
  std::deque<Job> queue_;
  std::vector<Finished> finished_;
  std::vector<std::string> notices_{
      "the cpu device emulates the kernels: its times are CPU times and say nothing about a GPU"};
};

}  // namespace

std::unique_ptr<Device> open_cpu(int emulated_cc) {
  return std::make_unique<CpuDevice>(emulated_cc);
}

}  // namespace tw
