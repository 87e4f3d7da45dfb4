#include "devices/cpu/execute.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/spec/sources.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/verify.h"

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
  Execution(const Plan& plan, LoadedProgram program, LoadedProgram oracle, Scheduler& scheduler,
            Oracles& oracles, const ExecuteOptions& options)
      : plan_(plan),
        program_(program),
        oracle_(oracle),
        scheduler_(scheduler),
        oracles_(oracles),
        options_(options),
        memory_(plan, options.seed),
        may_take_turns_(may_take_turns()) {}

  Measurement run() {
    for (const PlanLaunch& launch : plan_.launches) {
      result_.smem_bytes = std::max(result_.smem_bytes, launch.smem_bytes);
    }
    Failure failure = unlaunchable();
    if (failure.outcome == Outcome::ok && options_.verify) failure = verify();
    if (failure.outcome == Outcome::ok && options_.time) {
      options_.started();
      failure = time();
    }
    result_.outcome = failure.outcome;
    if (!failure.note.empty()) result_.note = failure.note;
    if (failure.outcome != Outcome::ok) result_.samples_ns.clear();
    return std::move(result_);
  }

 private:
  bool has_oracle() const { return plan_.problem->oracle.kind != OraclePlan::Kind::none; }

  Failure unlaunchable() const {
    const std::string misfit = memory_.constant_mismatch(*program_.module);
    if (!misfit.empty()) return {Outcome::launch_failed, misfit};
    for (const PlanLaunch& launch : plan_.launches) {
      const tw_cpu::EntryPoint& entry = program_.entry(launch);
      const std::string mismatch =
          PlanMemory::KernelArguments(memory_, launch).mismatch(entry.arg_count, entry.arg_bytes);
      if (!mismatch.empty()) return {Outcome::launch_failed, mismatch};
      const std::int64_t threads = launch.block[0] * launch.block[1] * launch.block[2];
      if (threads < 1 || threads > Scheduler::max_threads) {
        return {Outcome::launch_failed, fmt::format("a block of {} threads", threads)};
      }
    }
    return {};
  }

  // Returns whether blocks may take turns. A kernel that reads volatile memory may wait in a loop
  // for a block that is held, and nothing in such a loop lets another block run.
  bool may_take_turns() const {
    const Texts& headers = plan_.program.headers;
    return std::none_of(headers.begin(), headers.end(), [](const auto& header) {
      const bool is_ours = header.first.starts_with("common/");  // there it belongs to PTX
      return !is_ours && mentions(header.second, "volatile");
    });
  }

  // Launches all passes once.
  Failure launch(PlanMemory& memory, Order order) {
    order.takes_turns = may_take_turns_;
    memory.zero_workspaces(WorkspaceSpec::Init::zero_each);
    memory.copy_constants(*program_.module);
    for (const PlanLaunch& launch : plan_.launches) {
      PlanMemory::KernelArguments arguments(memory, launch);
      const std::string fault =
          scheduler_.run(*program_.module, program_.first_entry + launch.entry, geometry_of(launch),
                         arguments.pointers(), order);
      if (!fault.empty()) return {Outcome::faulted, fault};
    }
    return {};
  }

  Failure verify() {
    result_.error_ulps = has_oracle() ? 0 : -1;
    Failure failure = verify_on(memory_, Inputs::first, {Lanes::forwards, Lanes::backwards});
    if (failure.outcome != Outcome::ok) return failure;
    PlanMemory second(plan_, options_.seed, Inputs::second);
    failure = verify_on(second, Inputs::second, {Lanes::warps_ahead});
    if (failure.outcome != Outcome::ok) failure.note += " (on the second set of inputs)";
    return failure;
  }

  // Without an oracle, the results of the thread orders are compared with each other.
  Failure verify_on(PlanMemory& memory, Inputs inputs, std::initializer_list<Lanes> orders) {
    Expected first;
    const Expected* expected = &first;
    if (has_oracle()) {
      options_.asking();
      expected = &oracles_.ask(plan_.problem, oracle_, scheduler_, options_.seed, inputs);
    }
    options_.started();
    for (const Lanes lanes : orders) {
      memory.restore_outputs();
      memory.poison_workspaces();
      Failure failure = launch(memory, {options_.seed, lanes});
      if (failure.outcome == Outcome::ok) failure = judge_outputs(memory, *expected);
      if (failure.outcome != Outcome::ok) {
        failure.note += remark(lanes);
        return failure;
      }
      if (!has_oracle() && !first.is_known()) {
        first = results_of(*plan_.problem, memory);
        note_unwritten(first, inputs);
      }
    }
    return {};
  }

  static std::string_view remark(Lanes lanes) {
    if (lanes == Lanes::forwards) return "";
    return lanes == Lanes::backwards ? " (only when the threads run in reverse order)"
                                     : " (when warps run ahead of each other)";
  }

  // Notes what no run wrote: floating-point elements after the first set of inputs, integers after
  // both.
  void note_unwritten(const Expected& results, Inputs inputs) {
    if (inputs == Inputs::first) first_results_ = results;
    for (std::size_t i = 0; i < plan_.problem->tensors.size(); ++i) {
      const PlanTensor& tensor = plan_.problem->tensors[i];
      const bool is_due = is_integer(tensor.dtype) == (inputs == Inputs::second);
      if (!tensor.is_compared() || tensor.is_restored() || !is_due) continue;
      std::int64_t written = 0;
      for (std::size_t j = 0; j < results.values[i].size(); ++j) {
        const bool is_missing = is_unwritten(tensor.dtype, results.values[i][j]) &&
                                is_unwritten(tensor.dtype, first_results_.values[i][j]);
        written += is_missing ? 0 : 1;
      }
      tw::note_unwritten(tensor, written, result_);
    }
  }

  Failure judge_outputs(const PlanMemory& memory, const Expected& expected) {
    if (std::string damage = memory.damage(); !damage.empty()) {
      return {Outcome::faulted, std::move(damage)};
    }
    if (!expected.is_known()) return {};
    for (std::size_t i = 0; i < plan_.problem->tensors.size(); ++i) {
      const PlanTensor& tensor = plan_.problem->tensors[i];
      if (!tensor.is_compared()) continue;
      Verdict verdict = judge(*plan_.problem, tensor, memory.tensor(i), memory.tensor_before(i),
                              expected.values[i], expected.magnitudes[i]);
      if (has_oracle()) note_error(verdict.found);
      if (verdict.found.touched > 0) return {Outcome::faulted, std::move(verdict.note)};
      if (verdict.found.wrong > 0) return {Outcome::wrong_result, std::move(verdict.note)};
    }
    return {};
  }

  void note_error(const Comparison& found) {
    result_.error_ulps = std::max(result_.error_ulps, found.worst_ulps);
    double& used = result_.metrics[std::string(tolerance_used)];
    used = std::max(used, found.used);
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
      Failure failure = launch(memory_, {options_.seed, Lanes::forwards});
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
  LoadedProgram program_, oracle_;
  Scheduler& scheduler_;
  Oracles& oracles_;
  const ExecuteOptions& options_;
  PlanMemory memory_;
  bool may_take_turns_;
  Expected first_results_;  // of the first set of inputs
  Measurement result_;
};

}  // namespace

Measurement execute(const Plan& plan, LoadedProgram program, LoadedProgram oracle,
                    Scheduler& scheduler, Oracles& oracles, const ExecuteOptions& options) {
  return Execution(plan, program, oracle, scheduler, oracles, options).run();
}

}  // namespace tw::cpu
