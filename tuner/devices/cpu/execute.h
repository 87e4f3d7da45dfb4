// Runs a plan on compiled modules: verifies it on two sets of inputs in three thread orders, then
// times it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "job.h"
#include "measurement.h"
#include "oracle.h"
#include "plan.h"
#include "scheduler.h"

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
