// Which configuration's results are right where the op has no reference.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/device.h"
#include "ui/progress.h"

namespace tw {

struct SessionRequest;

struct OracleChoice {
  std::string kernel, configuration;
  bool is_default = true;     // of the first kernel
  std::string default_fault;  // why the default is not the oracle: "compile_failed: ..."
  std::string remark;         // of an oracle that leaves an output unwritten
  OraclePlan plan;

  std::string name() const { return kernel + ": " + configuration; }
};

struct OracleKernel {
  const KernelSpec* kernel = nullptr;
  const SearchSpace* space = nullptr;
};

// What a candidate is tried with.
struct OracleTrial {
  const Catalog* catalog = nullptr;
  Problem problem;
  std::string problem_key;
  SampleLimits limits;
  std::uint64_t seed = 1;
};

// The first kernel's default configuration if it works; else the first of the kernels'
// configurations that does, of at most some hundred, in the order of their spaces and then spread
// over them. Nothing if none works, or if the user stops. The device must have no work.
std::optional<OracleChoice> find_oracle(const OracleTrial& trial,
                                        std::span<const OracleKernel> kernels, Device& device,
                                        const std::function<bool()>& stopped);

// Finds the oracle of a session whose op has no reference, and says what is unusual about it.
void choose_oracle(SessionRequest& request, Device& device, Progress& progress,
                   const std::function<bool()>& stopped);

}  // namespace tw
