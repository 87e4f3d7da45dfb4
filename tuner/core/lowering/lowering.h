// Lowering: turns a problem, a kernel and a configuration into what a device runs.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "core/problem/problem.h"
#include "core/types/device_info.h"

namespace tw {

// Returns what does not depend on a kernel: tensors, epilogue, tolerance and reference. Throws
// Error if a size of the spec has no value.
std::shared_ptr<const ProblemPlan> lower_problem(const Catalog& catalog, const Problem& problem,
                                                 const DeviceInfo& device);

// The result of lowering. If the launch or the sizes of a configuration have no value, or exceed
// the device's limits (threads per block, grid, shared memory), `invalid` is set.
struct LoweredPlan {
  Plan plan;
  std::string invalid;  // why it cannot be launched; empty if it can
};

// Returns what a knob of a kernel with macros is defined as.
std::string macro_of(const Knob& knob, std::int64_t value);

// The code of a configuration of a kernel with macros.
struct GivenCode {
  Program program;                   // without its entries
  std::vector<std::string> entries;  // of all launches, whether or not they apply to the problem
};
GivenCode given_code(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                     std::span<const std::int64_t> configuration);

// The code of a configuration of any kernel.
struct ConfigurationCode {
  Program program;           // with the entries of all launches, whether or not they apply
  std::vector<int> entries;  // of each launch, as indices in the program's entries
};
ConfigurationCode code_of(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                          std::span<const std::int64_t> configuration);

// Lowers configurations of kernels for one problem on one device. What they share is evaluated
// once, and all their plans point to it.
class Lowering {
 public:
  // Throws Error if the spec is at fault, as lower() does. The catalog must outlive the object.
  Lowering(const Catalog& catalog, const Problem& problem, const DeviceInfo& device);

  const std::shared_ptr<const ProblemPlan>& problem() const { return plan_; }
  // Sets the oracle of the plans that are made from now on, for an op without a reference.
  void set_oracle(const OraclePlan& oracle);
  LoweredPlan lower(const KernelSpec& kernel, std::span<const std::int64_t> configuration) const;

 private:
  // The problem without its chain, which is verified too if the chain hides what a kernel computes.
  struct Plain {
    Problem problem;
    std::shared_ptr<const ProblemPlan> plan;
  };
  std::vector<Plan> plain_of(const KernelSpec& kernel,
                             std::span<const std::int64_t> configuration) const;
  std::vector<std::int64_t> slots_for(const Problem& problem, const KernelSpec& kernel,
                                      std::span<const std::int64_t> configuration) const;
  LoweredPlan lower_for(const Problem& problem, const std::shared_ptr<const ProblemPlan>& shared,
                        const KernelSpec& kernel,
                        std::span<const std::int64_t> configuration) const;

  const Catalog* catalog_;
  Problem problem_;
  DeviceInfo device_;
  std::shared_ptr<const ProblemPlan> plan_;
  std::optional<Plain> plain_;
};

// Lowers one configuration of a problem. A Lowering is faster for several.
LoweredPlan lower(const Catalog& catalog, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device, std::span<const std::int64_t> configuration);

}  // namespace tw
