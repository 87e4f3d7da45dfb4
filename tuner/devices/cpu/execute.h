// Runs a plan on compiled modules: verifies it on two sets of inputs in three thread orders, then
// times it.
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
  std::function<void()> asking = [] {};   // called before an oracle is asked
  std::function<void()> started = [] {};  // called when an oracle is known, before each run
};

// `oracle` is read if the plan has one. Nothing here ends a launch that never ends: that is for
// the process above. Throws Error if memory runs out or the reference itself fails.
Measurement execute(const Plan& plan, LoadedProgram program, LoadedProgram oracle,
                    Scheduler& scheduler, Oracles& oracles, const ExecuteOptions& options);

}  // namespace tw::cpu
