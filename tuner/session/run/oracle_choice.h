// The choice of the configuration whose results count as right if the op has no reference.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/job_runner.h"
#include "ui/progress/progress.h"

namespace tw {

struct SessionRequest;

struct OracleChoice {
  std::string kernel, configuration;
  bool is_default = true;     // the default of the first kernel
  std::string default_fault;  // why the default is not the oracle: "compile_failed: ..."
  std::string remark;         // set if the oracle leaves an output unwritten
  OraclePlan plan;

  std::string name() const { return kernel + ": " + configuration; }
};

struct OracleKernel {
  const KernelSpec* kernel = nullptr;
  const SearchSpace* space = nullptr;
};

// The conditions under which a candidate is tried.
struct OracleTrial {
  const Lowering& lowering;
  std::string problem_key;
  SampleLimits limits;
  std::uint64_t seed = 1;
};

// Returns the first kernel's default configuration if it works, or else the first configuration of
// the kernels that works. It tries about a hundred at most, in the order of their spaces and then
// spread over them. If that configuration leaves elements of an output unwritten, it tries sixteen
// more that work and takes the first of those that leave the fewest. Returns nothing if none works
// or if the user stops. The device must be idle.
std::optional<OracleChoice> find_oracle(const OracleTrial& trial,
                                        std::span<const OracleKernel> kernels, JobRunner& jobs,
                                        const std::function<bool()>& stopped);

// Finds the oracle of a session whose op has no reference, and reports anything unusual about it.
// Returns how the time was spent.
TimeSpent choose_oracle(SessionRequest& request, Device& device, Progress& progress,
                        const std::function<bool()>& stopped);

}  // namespace tw
