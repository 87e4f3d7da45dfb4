// Runs a plan on compiled modules: verifies the plan on two sets of inputs in three thread orders,
// then times it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/plan/job.h"
#include "core/plan/measurement.h"
#include "core/plan/plan.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/cpu/oracle.h"

namespace tw::cpu {

struct ExecuteOptions {
  std::uint64_t seed = 1;
  bool verify = true;
  bool time = true;
  double incumbent_ns = 0;
  SampleLimits limits;
  std::function<void()> asking = [] {};  // called before an oracle is run or looked up
  // called before each run, when the oracle's results are known
  std::function<void()> started = [] {};
};

// Verifies and times the plan. `oracle` is used if the plan has one. This function does not end a
// launch that never ends: the parent process does. Throws Error if memory runs out or the reference
// itself fails.
Measurement execute(const Plan& plan, LoadedProgram program, LoadedProgram oracle,
                    Scheduler& scheduler, Oracles& oracles, const ExecuteOptions& options);

}  // namespace tw::cpu
