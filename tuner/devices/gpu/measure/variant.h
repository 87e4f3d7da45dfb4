// A compiled program on the device, bound to the buffers of a problem. A job launches it.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "core/plan/measurement.h"
#include "devices/gpu/measure/buffers.h"

namespace tw::gpu {

// A module and its entries; it is unloaded with the object.
class LoadedModule {
 public:
  LoadedModule(Runtime& runtime, const Module& module);  // Throws Failure
  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;
  ~LoadedModule();
  Kernel kernel(int entry) const;                                // throws Failure
  Symbol symbol(std::size_t symbol, std::size_t symbols) const;  // throws Failure

 private:
  Runtime& runtime_;
  LoadedCode code_;
  std::vector<std::string> names_;
};

// A kernel's arguments as a launch takes them: pointers to values that this object owns.
class LaunchArguments {
 public:
  LaunchArguments(Runtime& runtime, const PlanLaunch& launch, const Plan& plan,
                  const Buffers& buffers, const std::vector<GuardedBuffer>& workspaces);
  void** pointers() { return pointers_.data(); }
  // Throws Failure that says how the kernel's parameters differ in number or size. A launch
  // with too few arguments would read past them, and a launch with too many would not notice.
  void check_against(Runtime& runtime, Kernel kernel) const;

 private:
  template <class T>
  void add(const T& value);
  std::vector<std::vector<std::byte>> values_;
  std::vector<void*> pointers_;
};

class Variant {
 public:
  // Loads the module, raises the shared-memory limits, and allocates the workspaces. Throws
  // Failure.
  Variant(Runtime& runtime, const VerifyKernels& kernels, const Buffers& buffers, const Plan& plan,
          const Module& module);
  // Copies inputs to the module's arrays, on the stream. Called after a set of inputs is selected.
  void copy_constants() const;
  // Launches all passes on the stream. Throws Failure if one cannot be launched.
  void launch();
  // Adds the largest registers, local memory and shared memory of any pass, and the least
  // occupancy.
  void describe(Measurement& measurement) const;
  std::string damage() const;  // of the workspaces' guards

 private:
  struct Pass {
    Kernel kernel;
    LaunchShape shape;
    LaunchArguments arguments;
    std::string doing;  // what a failure of its launch says was tried
  };
  void prepare_workspaces(const VerifyKernels& kernels, const Plan& plan);
  void add_pass(const PlanLaunch& launch, const Buffers& buffers);
  void add_constants(const Buffers& buffers);

  Runtime& runtime_;
  const VerifyKernels& kernels_;
  const Plan& plan_;
  LoadedModule module_;
  std::vector<GuardedBuffer> workspaces_;
  std::deque<Pass> passes_;
  // An array of the module, and the input that it gets.
  struct Constant {
    Address to;
    const GuardedBuffer* from;
  };
  std::vector<Constant> constants_;
};

// Runs the problem's oracle once on the selected inputs. The oracle fills the buffers' expected
// values and magnitudes. Throws Failure.
void run_oracle(Runtime& runtime, const VerifyKernels& kernels, const Buffers& buffers,
                const std::shared_ptr<const ProblemPlan>& problem, const Module& module);

}  // namespace tw::gpu
