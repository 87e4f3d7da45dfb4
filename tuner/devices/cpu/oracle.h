// What is expected of a problem's tensors: computed once by its oracle, then compared with by every
// configuration.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// A program within a loaded module: its entries follow one another from `first_entry`.
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
  // Runs the plan's oracle, `program`, unless its results are known. Throws Error if it fails.
  const Expected& ask(const Plan& plan, LoadedProgram program, Scheduler& scheduler,
                      std::uint64_t seed, Inputs inputs);

 private:
  static constexpr std::size_t most = 4;  // a problem with and without its chain, on two sets
  struct Known {
    std::string key;
    Expected expected;
  };
  std::deque<Known> known_;
};

// The results that `memory` holds, as the expected ones of another configuration: their magnitude
// is the largest of each tensor.
Expected results_of(const Plan& plan, const PlanMemory& memory);

}  // namespace tw::cpu
