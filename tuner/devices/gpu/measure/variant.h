// A compiled program on the device, bound to the buffers of a problem. A job launches it.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "core/plan/measurement.h"
#include "devices/gpu/measure/buffers.h"

namespace tw::cuda {

// A module and its entries; it is unloaded with the object.
class LoadedModule {
 public:
  explicit LoadedModule(const Module& module);  // Throws CudaFailure
  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;
  ~LoadedModule();
  CUfunction function(int entry) const { return functions_[static_cast<std::size_t>(entry)]; }

 private:
  CUmodule module_ = nullptr;
  std::vector<CUfunction> functions_;
};

// A kernel's arguments as the driver takes them: pointers to values that this object owns.
class LaunchArguments {
 public:
  LaunchArguments(const PlanLaunch& launch, const Plan& plan, const Buffers& buffers,
                  const std::vector<GuardedBuffer>& workspaces);
  void** pointers() { return pointers_.data(); }
  // Throws CudaFailure that says how the kernel's parameters differ in number or size. A launch
  // with too few arguments would read past them, and a launch with too many would not notice.
  void check_against(CUfunction function) const;

 private:
  template <class T>
  void add(const T& value);
  std::deque<std::vector<std::byte>> values_;
  std::vector<void*> pointers_;
};

class Variant {
 public:
  // Loads the module, raises the shared-memory limits, and allocates the workspaces. Throws
  // CudaFailure.
  Variant(const Context& context, const VerifyKernels& kernels, const Buffers& buffers,
          const Plan& plan, const Module& module);
  // Launches all passes on the stream. Throws CudaFailure if one cannot be launched.
  void launch();
  // Adds the largest registers, local memory and shared memory of any pass, and the least
  // occupancy.
  void describe(Measurement& measurement) const;
  std::string damage() const;  // of the workspaces' guards

 private:
  struct Pass {
    CUfunction function;
    CUlaunchConfig config;
    CUlaunchAttribute cluster;
    LaunchArguments arguments;
  };
  void prepare_workspaces(const VerifyKernels& kernels, const Plan& plan);
  void add_pass(const PlanLaunch& launch, const Buffers& buffers);

  const Context& context_;
  const VerifyKernels& kernels_;
  const Plan& plan_;
  LoadedModule module_;
  std::vector<GuardedBuffer> workspaces_;
  std::deque<Pass> passes_;
};

// Runs the plan's oracle once on the selected inputs. The oracle fills the buffers' expected values
// and magnitudes. Throws CudaFailure.
void run_oracle(const Context& context, const VerifyKernels& kernels, const Buffers& buffers,
                const Plan& plan, const Module& module);

}  // namespace tw::cuda
