// The expected values of a problem's tensors: the problem's oracle computes them once, and every
// configuration is compared with them.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// A program in a loaded module: its entries follow one another from `first_entry` on.
struct LoadedProgram {
  const tw_cpu::Module* module = nullptr;
  int first_entry = 0;

  const tw_cpu::EntryPoint& entry(const PlanLaunch& launch) const {
    return module->entries[first_entry + launch.entry];
  }
};

struct Expected {
  std::vector<std::vector<double>> values, magnitudes;  // by tensor; empty for inputs
  bool is_known() const { return !values.empty(); }
};

// The expected values of the last few problems and sets of inputs.
class Oracles {
 public:
  // Returns the results of the problem's oracle, `program`; runs it unless its results are known.
  // Throws Error if the oracle fails.
  const Expected& ask(const std::shared_ptr<const ProblemPlan>& problem, LoadedProgram program,
                      Scheduler& scheduler, std::uint64_t seed, Inputs inputs);

 private:
  static constexpr std::size_t most = 4;  // a problem with and without its chain, on two sets
  struct Known {
    std::string key;
    Expected expected;
  };
  std::deque<Known> known_;
};

// Returns the results in `memory` as the expected values of another configuration. The magnitude of
// a tensor is its largest value.
Expected results_of(const ProblemPlan& plan, const PlanMemory& memory);

}  // namespace tw::cpu
