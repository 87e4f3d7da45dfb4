#include "execute.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "error.h"
#include "memory.h"
#include "values.h"
#include "verify.h"

namespace tw::cpu {
namespace {

struct Failure {
  Outcome outcome = Outcome::ok;
  std::string note;
};

Geometry geometry_of(const PlanLaunch& launch) {
  return {launch.grid, launch.block, launch.smem_bytes};
}

class Execution {
 public:
  Execution(const Plan& plan, LoadedProgram program, LoadedProgram reference, Scheduler& scheduler,
            Oracle& oracle, const ExecuteOptions& options)
      : plan_(plan),
        program_(program),
        reference_(reference),
        scheduler_(scheduler),
        oracle_(oracle),
        options_(options),
        memory_(plan, options.seed) {}

  Measurement run() {
    for (const PlanLaunch& launch : plan_.launches) {
      result_.smem_bytes = std::max(result_.smem_bytes, launch.smem_bytes);
    }
    Failure failure = unlaunchable();
    if (failure.outcome == Outcome::ok && options_.verify) ask_oracle();
    options_.started();
    if (failure.outcome == Outcome::ok && options_.verify) failure = verify();
    if (failure.outcome == Outcome::ok && options_.time) failure = time();
    result_.outcome = failure.outcome;
    result_.note = failure.note;
    if (failure.outcome != Outcome::ok) result_.samples_ns.clear();
    return std::move(result_);
  }

 private:
  const tw_cpu::EntryPoint& entry_of(LoadedProgram program, const PlanLaunch& launch) const {
    return program.module->entries[program.first_entry + launch.entry];
  }

  Failure unlaunchable() const {
    for (const PlanLaunch& launch : plan_.launches) {
      const tw_cpu::EntryPoint& entry = entry_of(program_, launch);
      const std::string mismatch =
          PlanMemory::Arguments(memory_, launch).mismatch(entry.arg_count, entry.arg_bytes);
      if (!mismatch.empty()) return {Outcome::launch_failed, mismatch};
      const std::int64_t threads = launch.block[0] * launch.block[1] * launch.block[2];
      if (threads < 1 || threads > Scheduler::max_threads) {
        return {Outcome::launch_failed, fmt::format("a block of {} threads", threads)};
      }
    }
    return {};
  }

  // All passes, once.
  Failure launch(Order order) {
    memory_.zero_workspaces(WorkspaceSpec::Init::zero_each);
    for (const PlanLaunch& launch : plan_.launches) {
      PlanMemory::Arguments arguments(memory_, launch);
      const std::string fault =
          scheduler_.run(*program_.module, program_.first_entry + launch.entry, geometry_of(launch),
                         arguments.pointers(), order);
      if (!fault.empty()) return {Outcome::faulted, fault};
    }
    return {};
  }

  Failure verify() {
    result_.error_ulps = 0;
    for (const Lanes lanes : {Lanes::forwards, Lanes::backwards, Lanes::warps_ahead}) {
      memory_.restore_outputs();
      Failure failure = launch({options_.seed, lanes});
      if (failure.outcome == Outcome::ok) failure = judge_outputs();
      if (failure.outcome != Outcome::ok) {
        if (lanes == Lanes::backwards) {
          failure.note += " (only when the threads run in reverse order)";
        } else if (lanes == Lanes::warps_ahead) {
          failure.note += " (only when warps run ahead of each other)";
        }
        return failure;
      }
      if (!plan_.has_reference && lanes == Lanes::forwards) take_outputs_as_oracle();
    }
    if (!plan_.has_reference) result_.error_ulps = -1;
    return {};
  }

  Failure judge_outputs() {
    if (std::string damage = memory_.damage(); !damage.empty()) {
      return {Outcome::faulted, std::move(damage)};
    }
    if (oracle_.expected.empty()) return {};
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const PlanTensor& tensor = plan_.tensors[i];
      if (tensor.role == Role::in) continue;
      Verdict verdict = judge(tensor, memory_.tensor(i), memory_.tensor_before(i),
                              oracle_.expected[i], oracle_.magnitude[i], plan_.tolerance_ulps);
      result_.error_ulps = std::max(result_.error_ulps, verdict.worst_ulps);
      if (!verdict.wrong.empty()) return {Outcome::wrong_result, std::move(verdict.wrong)};
      if (!verdict.stray.empty()) return {Outcome::faulted, std::move(verdict.stray)};
    }
    return {};
  }

  // Everything that the oracle's values depend on.
  std::string oracle_key() const {
    std::string key =
        fmt::format("{}\n{}\n{} {} {}\n", plan_.reference.text,
                    fmt::join(plan_.reference.entries, "\n"), options_.seed,
                    fmt::join(plan_.epilogue_extents, ","), fmt::join(plan_.epilogue_scalars, ","));
    for (const PlanArg& arg : plan_.reference_launch.args) {
      key +=
          fmt::format("{} {} {} {};", static_cast<int>(arg.kind), arg.index, arg.value, arg.scalar);
    }
    for (const PlanTensor& tensor : plan_.tensors) {
      key +=
          fmt::format("{} {} {};", static_cast<int>(tensor.dtype),
                      fmt::join(tensor.layout.shape, ","), fmt::join(tensor.layout.strides, ","));
    }
    return key;
  }

  void ask_oracle() {
    if (!plan_.has_reference) {
      oracle_ = {};
      return;
    }
    std::string key = oracle_key();
    if (oracle_.key == key) return;
    oracle_ = {};
    std::vector<Guarded> expected, magnitude;
    for (const PlanTensor& tensor : plan_.tensors) {
      const auto bytes = tensor.role == Role::in
                             ? std::size_t{0}
                             : static_cast<std::size_t>(tensor.layout.elements) * sizeof(double);
      expected.emplace_back(bytes, alignof(double));
      magnitude.emplace_back(bytes, alignof(double));
    }
    const PlanLaunch& launch = plan_.reference_launch;
    PlanMemory::Arguments arguments(memory_, launch, expected, magnitude);
    const tw_cpu::EntryPoint& entry = entry_of(reference_, launch);
    std::string fault = arguments.mismatch(entry.arg_count, entry.arg_bytes);
    memory_.restore_outputs();
    if (fault.empty()) {
      fault = scheduler_.run(*reference_.module, reference_.first_entry + launch.entry,
                             geometry_of(launch), arguments.pointers(),
                             {options_.seed, Lanes::forwards});
    }
    if (!fault.empty()) throw Error("the op's reference fails: " + fault);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::size_t count = expected[i].size() / sizeof(double);
      const auto copy = [count](const Guarded& from) {
        std::vector<double> to(count);
        if (count > 0) std::memcpy(to.data(), from.data(), from.size());
        return to;
      };
      oracle_.expected.push_back(copy(expected[i]));
      oracle_.magnitude.push_back(copy(magnitude[i]));
    }
    oracle_.key = std::move(key);
  }

  // Without a reference the thread orders can only be held against each other, with the largest
  // value as the magnitude.
  void take_outputs_as_oracle() {
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const PlanTensor& tensor = plan_.tensors[i];
      std::vector<double> values;
      if (tensor.role != Role::in) values.resize(static_cast<std::size_t>(tensor.layout.elements));
      double largest = 0;
      for (std::size_t j = 0; j < values.size(); ++j) {
        values[j] = read_element(tensor.dtype, memory_.tensor(i), static_cast<std::int64_t>(j));
        if (std::isfinite(values[j])) largest = std::max(largest, std::fabs(values[j]));
      }
      oracle_.magnitude.emplace_back(values.size(), largest);
      oracle_.expected.push_back(std::move(values));
    }
  }

  Failure time() {
    using Clock = std::chrono::steady_clock;
    const int wanted = std::clamp(options_.limits.min_samples, 1, 5);
    const auto begin = Clock::now();
    const auto since = [](Clock::time_point start) {
      return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    };
    while (static_cast<int>(result_.samples_ns.size()) < wanted) {
      memory_.restore_outputs();
      const auto start = Clock::now();
      Failure failure = launch({options_.seed, Lanes::forwards});
      if (failure.outcome != Outcome::ok) return failure;
      result_.samples_ns.push_back(since(start));
      if (options_.incumbent_ns > 0 && result_.samples_ns.front() > 2 * options_.incumbent_ns) {
        result_.metrics["stopped_early"] = 1;
        break;
      }
      if (since(begin) > options_.limits.max_ms * 1e6) break;
    }
    result_.timer = "cpu";
    return {};
  }

  const Plan& plan_;
  LoadedProgram program_, reference_;
  Scheduler& scheduler_;
  Oracle& oracle_;
  const ExecuteOptions& options_;
  PlanMemory memory_;
  Measurement result_;
};

}  // namespace

Measurement execute(const Plan& plan, LoadedProgram program, LoadedProgram reference,
                    Scheduler& scheduler, Oracle& oracle, const ExecuteOptions& options) {
  return Execution(plan, program, reference, scheduler, oracle, options).run();
}

}  // namespace tw::cpu
