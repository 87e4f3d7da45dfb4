// The process that compiles and runs kernels of the cpu device. A crash or a hang of a kernel ends
// or blocks only this process; the parent restarts it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/plan/job.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/cpu.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "devices/cpu/execute.h"
#include "devices/cpu/frames.h"
#include "devices/process.h"

namespace tw {
namespace {

using namespace tw::cpu;

class Worker {
 public:
  explicit Worker(WorkerChannel& channel) : channel_(channel) {}

  void run(const Job& job) {
    job_ = job.id;
    Measurement measurement;
    if (job.purpose == Purpose::baseline || job.purpose == Purpose::counters) {
      measurement.outcome = Outcome::launch_failed;
      measurement.note = job.purpose == Purpose::baseline ? "the cpu device has no baselines"
                                                          : "the cpu device has no counters";
    } else {
      measurement = measure(job);
    }
    answer(frame_finished, measurement);
  }

  void answer(Frame frame, const Measurement& measurement) {
    channel_.send(static_cast<char>(frame) + serialise(Finished{job_, measurement}));
  }

 private:
  static Measurement uncompiled(const std::string& note) {
    Measurement measurement;
    measurement.outcome = Outcome::compile_failed;
    measurement.note = note;
    return measurement;
  }

  Measurement measure(const Job& job) {
    const bool checks_plain = job.purpose == Purpose::measure || job.purpose == Purpose::verify;
    if (checks_plain && !job.plan.plain.empty()) {
      Measurement plain = run_plan(job, job.plan.plain.front(), false);
      if (plain.outcome != Outcome::ok) {
        plain.note = "without its epilogue: " + plain.note;
        return plain;
      }
    }
    return run_plan(job, job.plan, job.purpose != Purpose::verify);
  }

  Measurement run_plan(const Job& job, const Plan& plan, bool time) {
    const Compiled program = compile_module({&plan.program, 1});
    if (program.path.empty()) return uncompiled(program.error);
    LoadedProgram oracle;
    if (plan.problem->oracle.has_program()) {
      const Compiled compiled = compile_module({&plan.problem->oracle.program, 1});
      if (compiled.path.empty()) {
        return uncompiled("the op's reference does not compile: " + compiled.error);
      }
      oracle.module = &oracle_at(compiled.path.string());
    }
    channel_.send(std::string(1, frame_started));  // static initialisers are code of the kernel
    std::optional<LoadedModule> loaded;
    try {
      loaded.emplace(program.path);
    } catch (const Error& error) {
      return uncompiled(error.what());
    }
    ExecuteOptions options;
    options.asking = [this] { channel_.send(std::string(1, frame_compiled)); };
    options.seed = job.seed;
    options.time = time;
    options.incumbent_ns = job.incumbent_ns;
    options.limits = job.limits;
    options.started = [this] { channel_.send(std::string(1, frame_started)); };
    Measurement measurement =
        execute(plan, {&loaded->module(), 0}, oracle, scheduler_, oracles_, options);
    measurement.compile_ms = program.compile_ms;
    return measurement;
  }

  const tw_cpu::Module& oracle_at(const std::string& path) {
    auto& module = oracle_modules_[path];
    if (!module) module = std::make_unique<LoadedModule>(path);
    return module->module();
  }

  WorkerChannel& channel_;
  std::uint64_t job_ = 0;
  std::map<std::string, std::unique_ptr<LoadedModule>> oracle_modules_;
  Scheduler scheduler_;
  Oracles oracles_;
};

#ifdef TW_CPU_ASAN
Worker* reporting = nullptr;

// Returns the line "SUMMARY: AddressSanitizer: ..." without the folders of the cache.
std::string summary_of(std::string_view report) {
  constexpr std::string_view word = "SUMMARY: ";
  const std::size_t begin = report.find(word);
  if (begin == report.npos) return std::string(report.substr(0, report.find('\n')));
  report.remove_prefix(begin + word.size());
  std::string line(report.substr(0, report.find('\n')));
  const std::size_t cache = line.find(module_folder().string());
  if (cache == line.npos) return line;
  const std::size_t file = line.find('/', cache + module_folder().string().size() + 1);
  return file == line.npos ? line : line.erase(cache, file + 1 - cache);
}

// Called when AddressSanitizer has found a fault of the kernel and is about to end the process.
void report_asan(const char* report) {
  Measurement measurement;
  measurement.outcome = Outcome::faulted;
  measurement.note = summary_of(report);
  reporting->answer(frame_last, measurement);
  ::_exit(1);
}

void expect_asan_reports(Worker& worker) {
  reporting = &worker;
  __asan_set_error_report_callback(report_asan);
}
#else
void expect_asan_reports(Worker&) {}
#endif

}  // namespace

int cpu_worker(WorkerChannel& channel) {
  Worker worker(channel);
  expect_asan_reports(worker);
  PartsReceived parts;
  while (const auto frame = channel.receive()) {
    try {
      worker.run(parse_job(*frame, parts));
    } catch (const Error& error) {
      channel.send(static_cast<char>(frame_error) + std::string(error.what()));
    }
  }
  return 0;
}

}  // namespace tw
