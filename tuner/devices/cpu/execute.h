// Runs a plan on compiled modules: verifies it in every order of the threads against the oracle,
// then times it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "abi.h"
#include "job.h"
#include "measurement.h"
#include "plan.h"
#include "scheduler.h"

namespace tw::cpu {

// A program within a loaded module: its entries follow one another from `first_entry`.
struct LoadedProgram {
  const tw_cpu::Module* module = nullptr;
  int first_entry = 0;
};

// What is expected of a problem; kept while jobs of one problem follow one another.
struct Oracle {
  std::string key;                                       // empty: none yet
  std::vector<std::vector<double>> expected, magnitude;  // by tensor; empty for inputs
};

struct ExecuteOptions {
  std::uint64_t seed = 1;
  bool verify = true;
  bool time = true;
  double incumbent_ns = 0;
  SampleLimits limits;
  std::function<void()> started = [] {};  // called when the oracle is known, before the first run
};

// `reference` is read if the plan has one. Nothing here ends a launch that never ends: that is for
// the process above. Throws Error if memory runs out or the reference itself fails.
Measurement execute(const Plan& plan, LoadedProgram program, LoadedProgram reference,
                    Scheduler& scheduler, Oracle& oracle, const ExecuteOptions& options);

}  // namespace tw::cpu
